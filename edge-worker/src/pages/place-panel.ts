import type { Place } from '@fairgate/shared/place.ts';
import type { PublicSale } from '@fairgate/shared/sale.ts';
import { html } from 'hono/html';
import { countdownFigure } from './countdown.ts';
import { buyForm, joinForm, leaveForm, passForm } from './forms.ts';
import type { Html } from './layout.ts';
import { haltedWords, numberLabel, outlookWords, timeWords, waitWords, whyWords } from './words.ts';

/** Where the shopper stands, and what they can do about it. */
export function placePanel(sale: PublicSale, place: Place): Html {
  switch (place.state) {
    case 'lobby':
    case 'waiting':
      return linePanel(sale, place);
    case 'admitted':
    case 'issued':
      return turnPanel(sale, place);
    case 'done':
      return html`<section class="card place"><h2 tabindex="-1">Your order is placed</h2>
<p class="muted">Your order is on its own page, and in your mail if you gave an address.</p></section>`;
    case 'expired':
      return endedPanel(sale, 'Your place has expired');
    case 'left':
      return endedPanel(sale, 'You have left the line');
  }
}

function linePanel(sale: PublicSale, place: Place): Html {
  const isLobby = place.state === 'lobby';
  const start = isLobby
    ? html`<p class="muted">The sale starts at
<time datetime="${sale.startsAt}">${timeWords(sale.startsAt)}</time>
<span data-countdown="${sale.startsAt}" hidden></span></p>`
    : '';
  const lane = place.lane === 'main' ? '' : html`<p class="muted">In the priority lane</p>`;
  return html`<section class="card place"><h2 tabindex="-1">${lineTitle(place)}</h2>
<p class="figure" data-field="ahead">${place.ahead ?? '–'}</p>
<p class="muted">ahead of you</p>${lane}${start}
<dl class="facts"><div><dt>${numberLabel(sale.mode, place)}</dt><dd data-field="number">${place.number}</dd></div>
<div><dt>Expected wait</dt><dd data-field="wait">${waitWords(place.etaSeconds)}</dd></div>
<div><dt>Behind you</dt><dd data-field="behind">${place.behind ?? '–'}</dd></div></dl>
<p class="muted" data-field="why">${whyWords(place)}</p>
<p data-field="outlook" aria-live="polite">${outlookWords(place.outlook)}</p>
<p data-field="halted" aria-live="polite"${place.halted ? '' : html` hidden`}>${haltedWords}</p>
<p class="muted" data-field="stale"${place.stale ? '' : html` hidden`}>These figures are a little old;
your place is kept.</p>
${drawnNote(sale, place)}<p class="muted">Keep this page open. It tells you when it is your turn.</p>
${place.lane === 'main' ? passForm(sale) : ''}${leaveForm(sale)}</section>`;
}

/** How an entrant of a lottery checks their own number. */
function drawnNote(sale: PublicSale, { lobbyNumber, number, state }: Place): Html | '' {
  if (lobbyNumber === undefined || state === 'lobby') return '';
  const report = `/api/sales/${sale.id}/fairness`;
  return html`<details class="muted" data-field="drawn"><summary>Check your own number</summary>
<p>Number ${lobbyNumber} was drawn to rank ${number}. Nobody chose it: the
<a href="${report}">report of the draw</a> and the <a href="${report}/log">log</a> are public, Fairgate's
page docs/draw.md says how a rank follows from them, and
<code>npm run verify-draw -- (this address) ${sale.id} ${lobbyNumber}</code> computes it.</p></details>`;
}

function lineTitle(place: Place): string {
  if (place.state === 'lobby') return 'You are in the waiting room';
  return place.saleState === 'paused' ? 'The line is paused' : 'You are in line';
}

function turnPanel(sale: PublicSale, place: Place): Html {
  const until = place.admittedUntil ?? sale.serverTime;
  return html`<section class="card place turn"><h2 tabindex="-1">It is your turn</h2>
${countdownFigure(until, sale)}
<p>Go to the checkout before <time datetime="${until}">${timeWords(until)}</time>.</p>
${buyForm(sale)}${drawnNote(sale, place)}${leaveForm(sale)}</section>`;
}

function endedPanel(sale: PublicSale, title: string): Html {
  const canJoin = sale.state === 'lobby' || sale.state === 'open' || sale.state === 'paused';
  const again = canJoin
    ? html`<p class="muted">You can join again at the end of the line.</p>${joinForm(sale)}`
    : '';
  return html`<section class="card place"><h2 tabindex="-1">${title}</h2>${again}</section>`;
}
