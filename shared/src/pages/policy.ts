import type { Style } from './style.ts';

/** What a page may load besides its own: origins of a widget, as CSP sources. */
export type Foreign = { scripts?: string[]; frames?: string[]; connects?: string[] };

/** CSP level 3 of a page: its own scripts, its own styles by their hash, nothing inline beside. */
export function contentPolicy(styles: readonly Style[], foreign: Foreign = {}): string {
  const { scripts = [], frames = [], connects = [] } = foreign;
  return [
    "default-src 'none'",
    `script-src ${["'self'", ...scripts].join(' ')}`,
    `style-src ${styles.map(({ hash }) => hash).join(' ')}`,
    `connect-src ${["'self'", ...connects].join(' ')}`,
    `frame-src ${frames.length === 0 ? "'none'" : frames.join(' ')}`,
    "img-src 'self' https: data:",
    "media-src 'self'",
    "worker-src 'self'",
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ');
}

/** Of pages that only show: no script, no form. */
export function showOnlyPolicy(styles: readonly Style[]): string {
  return [
    "default-src 'none'",
    `style-src ${styles.map(({ hash }) => hash).join(' ')}`,
    "img-src 'self' https: data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

/** The headers of every page for shoppers, beside its policy. */
export const pageHeaders = {
  'content-type': 'text/html; charset=utf-8',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
} as const;
