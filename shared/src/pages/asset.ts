import { createHash } from 'node:crypto';

/** The name of a static file with a hash of its content in it: what has that name never changes. */
export function hashedName(name: string, text: string): string {
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 12);
  const dot = name.lastIndexOf('.');
  return `${name.slice(0, dot)}.${hash}${name.slice(dot)}`;
}

/** The name that `hashedName` was given. */
export function plainName(hashed: string): string {
  return hashed.replace(/\.[0-9a-f]{12}(?=\.[a-z]+$)/, '');
}

/** What CSP calls an inline text that may stand in a page (CSP level 3, section 2.3.1). */
export function cspHash(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

/** Hashed files: for a year, and never asked for again. */
export const hashedCacheControl = 'public, max-age=31536000, immutable';
