import type { Place } from '@fairgate/shared/place.ts';
import type { PublicSale } from '@fairgate/shared/sale.ts';
import { html } from 'hono/html';
import type { Assets } from './assets.ts';
import { countdownFigure } from './countdown.ts';
import { joinForm } from './forms.ts';
import { type Html, layout } from './layout.ts';
import { placePanel } from './place-panel.ts';
import { moneyWords, stateWords, timeWords } from './words.ts';

/**
 * Without a place, the page is the same for everyone. `ticketHash` is what proofs with a bound
 * ticket name it by (`ath`): the ticket itself is in a cookie that no script can read.
 */
export function salePage(
  assets: Assets,
  sale: PublicSale,
  place: Place | null,
  ticketHash: string | null,
): Html {
  return layout(assets, {
    title: place?.state === 'admitted' ? `It is your turn · ${sale.name}` : sale.name,
    refreshSeconds: place ? refreshOf(place) : beforePlaceSeconds(sale),
    script: 'sale.js',
    main: saleMain(sale, place, ticketHash),
  });
}

/** What the page is about; its frame, and what it loads, are another's. */
export function saleMain(sale: PublicSale, place: Place | null, ticketHash: string | null): Html {
  const challengeSteps = sale.challenge === 'none' ? [] : sale.challengeAt;
  return html`<div id="room" data-sale="${sale.id}" data-state="${sale.state}"
data-place="${place?.state ?? ''}" data-server-time="${sale.serverTime}"
data-bind="${sale.bindTokens}" data-challenge="${challengeSteps.join(' ')}" data-ticket-hash="${ticketHash ?? ''}"
data-poll-after="${place?.pollAfterSeconds ?? ''}" data-message="${sale.message}">
<h1>${sale.name}</h1>
<p class="row"><span class="badge badge-${sale.state}">${stateWords[sale.state]}</span>
<span class="muted"><time datetime="${sale.startsAt}">${timeWords(sale.startsAt)}</time></span></p>
<div aria-live="polite" id="said" class="notice notice-bad" hidden></div>
${sale.message === '' ? '' : html`<p class="notice">${sale.message}</p>`}
${place ? placePanel(sale, place) : joinPanel(sale)}
<section class="card" aria-label="Products">${sale.products.map(productRow)}</section>
</div>`;
}

function refreshOf(place: Place): number | null {
  const isOver = place.state === 'done' || place.state === 'expired' || place.state === 'left';
  return isOver ? null : place.pollAfterSeconds;
}

/** Someone who has not joined waits for the start, or for more units, and asks rarely. */
function beforePlaceSeconds(sale: PublicSale): number | null {
  return sale.state === 'closed' ? null : 15;
}

function joinPanel(sale: PublicSale): Html {
  switch (sale.state) {
    case 'scheduled':
      return html`<section class="card place"><h2>Not open yet</h2>${countdown(sale)}
<p class="muted">The waiting room opens shortly before the start.</p></section>`;
    case 'lobby':
      return html`<section class="card place"><h2>The waiting room is open</h2>${countdown(sale)}
<p class="muted">Whoever joins now stands in line before the sale starts.</p>${joinForm(sale)}</section>`;
    case 'open':
    case 'paused':
      return html`<section class="card place"><h2>Join the line</h2>
<p class="muted">${sale.waiting === 1 ? '1 person is' : `${sale.waiting} people are`} waiting.
Everybody is let in in the order in which they joined.</p>${joinForm(sale)}</section>`;
    case 'sold_out':
      return html`<section class="card place"><h2>Sold out</h2>
<p class="muted">If something comes back, the line opens again.</p></section>`;
    case 'closed':
      return html`<section class="card place"><h2>This sale is over</h2></section>`;
  }
}

function countdown(sale: PublicSale): Html {
  return html`${countdownFigure(sale.startsAt, sale)}
<p class="muted">It starts at
<time datetime="${sale.startsAt}">${timeWords(sale.startsAt)}</time>.</p>`;
}

function productRow(product: PublicSale['products'][number]): Html {
  const image =
    product.imageUrl === null ? '' : html`<img src="${product.imageUrl}" alt="" loading="lazy">`;
  return html`<div class="row product">${image}<div class="grow"><h3>${product.name}</h3>
<p class="muted">${product.description}</p></div>
<div><p><strong>${moneyWords(product.priceMinor, product.currency)}</strong></p>
<p class="muted"><span data-available="${product.id}">${product.available}</span>
of ${product.total} left</p></div></div>`;
}
