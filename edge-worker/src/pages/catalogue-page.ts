import { around, type Html, timeElement } from '@fairgate/shared/pages/frame.ts';
import { inlineStyle } from '@fairgate/shared/pages/style.ts';
import type { PublicSale } from '@fairgate/shared/sale.ts';
import type { Speech } from '@fairgate/shared/words/speech.ts';
import { html } from 'hono/html';
import type { SaleList } from '../app/sales.ts';
import type { Assets } from './assets.ts';
import { type EdgePage, edgePage } from './edge-page.ts';
import { plainLook } from './look.ts';
import { cataloguePhraseKeys } from './phrases.ts';
import { catalogueCss } from './style.ts';

const catalogueLook = { ...plainLook, styles: [...plainLook.styles, inlineStyle(catalogueCss)] };

/** How many sales a page of the catalogue has. */
export const cataloguePageSize = 24;

const sections = ['open', 'coming', 'past'] as const;
type Section = (typeof sections)[number];

/** Open, coming and past sales, each newest start first; the script follows the "more" link. */
export function cataloguePage(
  assets: Assets,
  speech: Speech,
  { items, nextCursor }: SaleList,
  cursor: string | undefined,
): EdgePage {
  const isEmpty = items.length === 0 && cursor === undefined;
  const more =
    nextCursor === null
      ? ''
      : html`<p class="more"><a class="button button-quiet" rel="next" id="more"
href="/?cursor=${nextCursor}">${speech.say('catalogue.more')}</a></p>`;
  return edgePage({
    speech,
    look: catalogueLook,
    title: `${speech.say('catalogue.title')} · Fairgate`,
    refreshSeconds: null,
    script: assets.path('catalogue.js'),
    phrases: speech.phrases(cataloguePhraseKeys),
    address: cursor === undefined ? '/' : `/?cursor=${encodeURIComponent(cursor)}`,
    main: html`<h1>${speech.say('catalogue.title')}</h1>
${isEmpty ? html`<p class="muted">${speech.say('catalogue.none')}</p>` : ''}
${sections.map((section) => sectionOf(speech, section, items))}${more}
<p class="unseen" role="status" id="loaded"></p>`,
  });
}

/** There even where it is empty: the next page may have some of it. */
function sectionOf(speech: Speech, section: Section, items: PublicSale[]): Html {
  const own = items.filter((sale) => sectionOfSale(sale) === section);
  return html`<section id="${section}"${own.length === 0 ? html` hidden` : ''}><h2>${speech.say(`catalogue.${section}`)}</h2>
<ul class="list sales">${own.map((sale) => saleItem(speech, sale))}</ul></section>`;
}

function sectionOfSale({ state }: PublicSale): Section {
  if (state === 'closed') return 'past';
  return state === 'scheduled' || state === 'lobby' ? 'coming' : 'open';
}

function saleItem(speech: Speech, sale: PublicSale): Html {
  const image = sale.products.find(({ imageUrl }) => imageUrl !== null)?.imageUrl ?? null;
  const prices = sale.products.map(({ priceMinor }) => priceMinor);
  const currency = sale.products[0]?.currency;
  const key = sectionOfSale(sale) === 'coming' ? 'catalogue.starts' : 'catalogue.started';
  const piece = timeElement(speech, sale.startsAt);
  const price = currency === undefined ? null : speech.money(Math.min(...prices), currency);
  return html`<li><a class="card row" href="/sales/${sale.id}">${
    image === null
      ? ''
      : html`<img src="${image}" alt="" width="80" height="80" loading="lazy" decoding="async">`
  }<span class="grow"><strong class="name">${sale.name}</strong>
<span class="row"><span class="badge badge-${sale.state}">${speech.say(`state.${sale.state}`)}</span>
<span class="muted">${around(speech, key, { name: 'time', piece })}</span>${
    price === null
      ? ''
      : html`<span class="muted">${
          new Set(prices).size > 1 ? speech.say('catalogue.from', { price }) : price
        }</span>`
  }</span></span></a></li>`;
}
