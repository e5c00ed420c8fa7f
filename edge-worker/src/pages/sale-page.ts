import { around, dataBlock, type Html, timeElement } from '@fairgate/shared/pages/frame.ts';
import type { Place } from '@fairgate/shared/place.ts';
import type { PublicSale } from '@fairgate/shared/sale.ts';
import { isNearly } from '@fairgate/shared/words/live.ts';
import type { Speech } from '@fairgate/shared/words/speech.ts';
import { html } from 'hono/html';
import { asksChallenge } from '../domain/challenge.ts';
import type { Assets } from './assets.ts';
import { countdownFigure } from './countdown.ts';
import { type EdgePage, edgePage } from './edge-page.ts';
import { joinForm } from './forms.ts';
import type { Look } from './look.ts';
import { ownNumber } from './own-number.ts';
import { salePhraseKeys } from './phrases.ts';
import { placePanel } from './place-panel.ts';

export type SaleShown = {
  speech: Speech;
  sale: PublicSale;
  /** Without a place, the page is the same for everyone. */
  place: Place | null;
  /**
   * What proofs with a bound ticket name it by (`ath`): the ticket itself is in a cookie that no
   * script can read.
   */
  ticketHash: string | null;
  look: Look;
  /** Of the order that this browser made of the sale. */
  orderId?: string | null;
};

const turnstile = 'https://challenges.cloudflare.com';

/** `vapidKey`: of the shop's push notices; null where it sends none. */
export function salePage(assets: Assets, shown: SaleShown, vapidKey: string | null): EdgePage {
  const { speech, sale, place, look } = shown;
  const hasWidget = asksChallenge(sale) && sale.challenge === 'turnstile';
  return edgePage({
    speech,
    look,
    title: titleOf(shown),
    refreshSeconds: place ? refreshOf(sale, place) : beforePlaceSeconds(sale),
    script: assets.path('sale.js'),
    phrases: speech.phrases(salePhraseKeys),
    address: `/sales/${sale.id}`,
    // Turnstile loads its own script and frame.
    ...(hasWidget ? { foreign: { scripts: [turnstile], frames: [turnstile] } } : {}),
    main: html`<div id="net" class="notice notice-bad" role="status" hidden></div>
<p id="live" class="unseen" role="status"></p><p id="now" class="unseen" role="alert"></p>
${saleMain(shown)}${dataBlock('parts', {
  tells: assets.path('tells.js'),
  refusals: assets.path('refusals.js'),
  challenge: assets.path('challenge.js'),
  pow: assets.path('pow.js'),
  timer: assets.path('timer.js'),
  vapidKey,
})}`,
  });
}

/** The tab tells the place; the script keeps it so. */
function titleOf({ speech, sale: { name: sale }, place }: SaleShown): string {
  if (place?.state === 'admitted' || place?.state === 'issued') {
    return speech.say('live.titleTurn', { sale });
  }
  if (place === null || place.ahead === null) return sale;
  if (place.state !== 'lobby' && place.state !== 'waiting') return sale;
  if (isNearly(place)) return speech.say('live.titleNearly', { sale });
  return speech.say('live.titleAhead', { count: speech.number(place.ahead), sale });
}

/** What the page is about; its frame, and what it loads, are another's. */
export function saleMain(shown: SaleShown): Html {
  const { speech, sale, place, ticketHash, look, orderId = null } = shown;
  const challengeSteps = sale.challenge === 'none' ? [] : sale.challengeAt;
  return html`<div id="room" data-sale="${sale.id}" data-name="${sale.name}" data-state="${sale.state}"
data-place="${place?.state ?? ''}" data-number="${place ? ownNumber(place) : ''}" data-server-time="${sale.serverTime}"
data-bind="${sale.bindTokens}" data-challenge="${challengeSteps.join(' ')}" data-ticket-hash="${ticketHash ?? ''}"
data-poll-after="${place?.pollAfterSeconds ?? ''}" data-ahead="${place?.ahead === null ? 'unknown' : ''}" data-message="${sale.message}">
<h1 data-part="name">${sale.name}</h1>
<p class="row" data-part="state"><span class="badge badge-${sale.state}">${speech.say(`state.${sale.state}`)}</span>
<span class="muted">${timeElement(speech, sale.startsAt)}</span></p>
<div role="alert" id="said" data-part="said" class="notice notice-bad" hidden></div>
${sale.message === '' ? '' : html`<p class="notice" data-part="message">${sale.message}</p>`}
${place ? placePanel(speech, sale, place, orderId) : joinPanel(speech, sale)}
${look.block === '' ? '' : html`<section class="card own" data-part="own">${look.block}</section>`}
<section class="card" data-part="products" aria-label="${speech.say('sale.products')}">${sale.products.map(
    (product) => productRow(speech, product, place === null),
  )}</section>
${hasStarted(sale) ? fairnessLink(speech, sale) : ''}</div>`;
}

function hasStarted({ state }: PublicSale): boolean {
  return state !== 'scheduled' && state !== 'lobby';
}

function fairnessLink(speech: Speech, sale: PublicSale): Html {
  return html`<p class="muted small" data-part="fairness"><a href="/api/sales/${sale.id}/fairness">${speech.say('sale.fairness')}</a></p>`;
}

/** Without a script. Whoever may go on is not disturbed before the time is over (WCAG 2.2, 2.2.1). */
function refreshOf({ serverTime }: PublicSale, place: Place): number | null {
  switch (place.state) {
    case 'lobby':
    case 'waiting':
      return Math.max(1, Math.ceil(place.pollAfterSeconds));
    case 'admitted':
    case 'issued': {
      const leftMs = Date.parse(place.admittedUntil ?? serverTime) - Date.parse(serverTime);
      return Math.max(5, Math.ceil(leftMs / 1_000) + 2);
    }
    case 'done':
    case 'expired':
    case 'left':
      return null;
  }
}

/** Someone who has not joined waits for the start, or for more units; a form is not taken from under them. */
function beforePlaceSeconds({ state }: PublicSale): number | null {
  if (state === 'closed') return null;
  return state === 'scheduled' || state === 'sold_out' ? 15 : 60;
}

function joinPanel(speech: Speech, sale: PublicSale): Html {
  const panel = (title: string, body: Html) =>
    html`<section class="card place" data-part="panel"><h2 tabindex="-1" data-field="title">${title}</h2>${body}</section>`;
  const say = speech.say;
  switch (sale.state) {
    case 'scheduled':
      return panel(say('sale.scheduledTitle'), countdown(speech, sale));
    case 'lobby':
      return panel(
        say('sale.lobbyTitle'),
        html`${countdown(speech, sale)}<p class="muted">${say(
          sale.mode === 'lottery' ? 'sale.lotteryText' : 'sale.lobbyText',
        )}</p>${joinForm(speech, sale)}`,
      );
    case 'open':
      return panel(
        say('sale.joinTitle'),
        html`<p class="muted">${say('sale.waiting', { count: sale.waiting })}
${say('sale.joinText')}</p>${joinForm(speech, sale)}`,
      );
    case 'paused':
      return panel(
        say('sale.pausedTitle'),
        html`<p class="muted">${say('sale.pausedText')}</p>${joinForm(speech, sale)}`,
      );
    case 'sold_out':
      return panel(say('sale.soldOutTitle'), html`<p class="muted">${say('sale.soldOutText')}</p>`);
    case 'closed':
      return panel(say('sale.closedTitle'), html`<p class="muted">${say('sale.closedText')}</p>`);
  }
}

function countdown(speech: Speech, sale: PublicSale): Html {
  const piece = timeElement(speech, sale.startsAt);
  return html`<p class="muted scripted">${speech.say('sale.startsIn')}</p>
${countdownFigure(speech, sale.startsAt, sale.serverTime)}
<p class="muted when">${around(speech, 'sale.startsAt', { name: 'time', piece })}</p>`;
}

/** Who is in line has the outlook, which is kept up to date; the count would stand still beside it. */
function productRow(
  speech: Speech,
  product: PublicSale['products'][number],
  isCounted: boolean,
): Html {
  const { imageUrl, available, total } = product;
  const image =
    imageUrl === null
      ? ''
      : html`<img src="${imageUrl}" alt="" width="80" height="80" loading="lazy" decoding="async">`;
  return html`<div class="row product">${image}<div class="grow"><h3>${product.name}</h3>
<p class="muted">${product.description}</p></div>
<div><p><strong>${speech.money(product.priceMinor, product.currency)}</strong></p>
${
  isCounted
    ? html`<p class="muted" data-left="${product.id}">${speech.say('sale.left', { available, total })}</p>`
    : ''
}</div></div>`;
}
