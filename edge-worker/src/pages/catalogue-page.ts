import type { PublicSale } from '@fairgate/shared/sale.ts';
import { html } from 'hono/html';
import type { SaleList } from '../app/sales.ts';
import type { Assets } from './assets.ts';
import { type Html, layout } from './layout.ts';
import { stateWords, timeWords } from './words.ts';

/** Coming, open and ended sales, newest start first; the script follows the "more" link. */
export function cataloguePage(assets: Assets, { items, nextCursor }: SaleList): Html {
  const list =
    items.length === 0
      ? html`<p class="muted">There is no sale yet. Come back soon.</p>`
      : html`<ul class="list sales" id="sales">${items.map(saleItem)}</ul>`;
  const more =
    nextCursor === null
      ? ''
      : html`<p class="more"><a class="button button-quiet" rel="next" id="more"
href="/?cursor=${nextCursor}">More sales</a></p>`;
  return layout(assets, {
    title: 'Sales · Fairgate',
    refreshSeconds: null,
    script: 'catalogue.js',
    main: html`<h1>Sales</h1>${list}${more}`,
  });
}

function saleItem(sale: PublicSale): Html {
  return html`<li><a class="card" href="/sales/${sale.id}">
<h2>${sale.name}</h2>
<p class="row"><span class="badge badge-${sale.state}">${stateWords[sale.state]}</span>
<span class="muted">${isOver(sale) ? 'Started' : 'Starts'}
<time datetime="${sale.startsAt}">${timeWords(sale.startsAt)}</time></span></p>
</a></li>`;
}

function isOver(sale: PublicSale): boolean {
  return sale.state !== 'scheduled' && sale.state !== 'lobby';
}
