import { html } from 'hono/html';

export type Markup = ReturnType<typeof html>;

export type PageParts = {
  title: string;
  main: Markup | Markup[];
  /** A script of /checkout/assets. */
  script?: string;
  /** Without a script the page comes again after so long. */
  refreshSeconds?: number | null;
};

/** Every page of the checkout: one stylesheet, at most one script, nothing from elsewhere. */
export function page(parts: PageParts): Markup {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex" />
        <title>${parts.title}</title>
        <link rel="stylesheet" href="/checkout/assets/checkout.css" />
        <link rel="icon" href="data:," />
        ${
          parts.refreshSeconds
            ? html`<noscript
              ><meta http-equiv="refresh" content="${parts.refreshSeconds}"
            /></noscript>`
            : ''
        }
        ${
          parts.script
            ? html`<script type="module" src="/checkout/assets/${parts.script}"></script>`
            : ''
        }
      </head>
      <body>
        <header class="wrap bar"><a href="/">Fairgate</a></header>
        <main class="wrap" id="main">${parts.main}</main>
      </body>
    </html>`;
}

/** A bare message, with a way on. */
export function messagePage(title: string, text: string, link?: { href: string; label: string }) {
  return page({
    title,
    main: html`<section class="card stack">
      <h1>${title}</h1>
      <p>${text}</p>
      ${link ? html`<p><a class="button" href="${link.href}">${link.label}</a></p>` : ''}
    </section>`,
  });
}

/** `12.50 EUR`, with as many decimals as the currency has (ISO 4217). */
export function money(minor: number, currency: string): string {
  const format = new Intl.NumberFormat('en', { style: 'currency', currency });
  const digits = format.resolvedOptions().maximumFractionDigits ?? 2;
  return format.format(minor / 10 ** digits);
}

/** A time of day for people whose browser runs no script; the script makes a countdown of it. */
export function deadline(iso: string, id: string): Markup {
  const text = `until ${iso.slice(11, 19)} UTC`;
  return html`<time id="${id}" datetime="${iso}" data-countdown>${text}</time>`;
}
