import { html } from 'hono/html';
import type { Assets } from './assets.ts';
import { type Html, layout } from './layout.ts';

export type ErrorWords = { title: string; detail: string; requestId: string };

/** What a browser is shown where an API client gets a problem document. */
export function errorPage(assets: Assets, words: ErrorWords): Html {
  return layout(assets, {
    title: words.title,
    refreshSeconds: null,
    script: null,
    main: html`<section class="card"><h1>${words.title}</h1><p>${words.detail}</p>
<p><a class="button" href="/">To all sales</a></p>
<p class="muted">Request ${words.requestId}</p></section>`,
  });
}
