import { html } from 'hono/html';
import type { HtmlEscapedString } from 'hono/utils/html';
import type { Assets } from './assets.ts';

export type Html = HtmlEscapedString | Promise<HtmlEscapedString>;

export type Page = {
  title: string;
  /** Without a script the page comes anew after so many seconds; null where it need not. */
  refreshSeconds: number | null;
  script: 'sale.js' | 'catalogue.js' | null;
  main: Html;
};

/** The frame of every page. Nothing is loaded from elsewhere, and no script is inline. */
export function layout(assets: Assets, page: Page): Html {
  const refresh =
    page.refreshSeconds === null
      ? ''
      : html`<noscript><meta http-equiv="refresh" content="${page.refreshSeconds}"></noscript>`;
  const script =
    page.script === null
      ? ''
      : html`<script type="module" src="${assets.path(page.script)}"></script>`;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<title>${page.title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${assets.path('edge.css')}">
${refresh}${script}
</head>
<body>
<header class="wrap bar"><a href="/">Fairgate</a></header>
<main class="wrap" id="main">${page.main}</main>
</body>
</html>`;
}

/** CSP level 3, without anything inline; a widget of others where the sale uses it. */
const policy = (more = '') =>
  `default-src 'self'; ${more}worker-src 'self'; img-src 'self' https: data:; object-src 'none'; ` +
  "base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

const turnstile = 'https://challenges.cloudflare.com';

/** For pages of sales with Turnstile, which loads its own script and frame. */
export const turnstilePolicy = policy(`script-src 'self' ${turnstile}; frame-src ${turnstile}; `);

/** For pages that only show: no script, no form, and nothing learns where it was asked from. */
export const showOnlyHeaders: Record<string, string> = {
  'content-security-policy':
    "default-src 'none'; style-src 'self'; img-src 'self' https: data:; base-uri 'none'; " +
    "form-action 'none'; frame-ancestors 'none'",
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-robots-tag': 'noindex, nofollow',
};

/** The headers of every page. */
export const pageHeaders: Record<string, string> = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': policy(),
  'referrer-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
};
