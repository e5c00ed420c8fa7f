import { around, type Html, timeElement } from '@fairgate/shared/pages/frame.ts';
import type { Place } from '@fairgate/shared/place.ts';
import type { PublicSale } from '@fairgate/shared/sale.ts';
import {
  isSoldOutAhead,
  numberKey,
  outlookWords,
  waitWords,
  whyWords,
} from '@fairgate/shared/words/live.ts';
import type { Speech } from '@fairgate/shared/words/speech.ts';
import type { WordKey } from '@fairgate/shared/words/texts.ts';
import { html, raw } from 'hono/html';
import { countdownFigure } from './countdown.ts';
import { buyForm, joinForm, leaveForm, passForm } from './forms.ts';
import { lineTitle } from './line-title.ts';
import { tellPanel } from './tell-panel.ts';

/** Where the shopper stands, and what they can do about it. */
export function placePanel(
  speech: Speech,
  sale: PublicSale,
  place: Place,
  orderId: string | null = null,
): Html {
  switch (place.state) {
    case 'lobby':
    case 'waiting':
      return linePanel(speech, sale, place);
    case 'admitted':
    case 'issued':
      return turnPanel(speech, sale, place);
    case 'done':
      return panel(speech, 'place.doneTitle', donePanel(speech, orderId));
    case 'expired':
      // With the sale closed every wait is over, also of whoever was never let in.
      return sale.state === 'closed'
        ? endedPanel(speech, sale, { title: 'sale.closedTitle', text: 'place.closedText' })
        : endedPanel(speech, sale, { title: 'place.expiredTitle', text: 'place.expiredText' });
    case 'left':
      return endedPanel(speech, sale, { title: 'place.leftTitle', text: null });
  }
}

function donePanel(speech: Speech, orderId: string | null): Html {
  const link = html`<p><a class="button" href="/checkout/orders/${orderId}">${speech.say('place.toOrder')}</a></p>`;
  return html`<p>${speech.say('place.doneText')}</p>${orderId === null ? '' : link}`;
}

/** The heading takes the focus when the state has changed. */
function panel(speech: Speech, title: WordKey, body: Html, more = ''): Html {
  return html`<section class="card place${more}" data-part="panel"><h2 tabindex="-1" data-field="title">${speech.say(title)}</h2>
${body}</section>`;
}

function linePanel(speech: Speech, sale: PublicSale, place: Place): Html {
  const { ahead, behind } = place;
  const figure = ahead === null ? '–' : speech.number(ahead);
  const label =
    ahead === null ? speech.say('place.aheadUnknown') : speech.say('place.ahead', { count: ahead });
  const body = html`<p class="figure" data-field="ahead">${figure}</p>
<p class="muted" data-field="aheadLabel">${label}</p>
${place.lane === 'main' ? '' : html`<p class="muted">${speech.say('place.priority')}</p>`}
${place.state === 'lobby' ? startLine(speech, sale) : ''}
<p data-field="soldOut"${hiddenUnless(isSoldOutAhead(place))}>${speech.say('place.soldOutText')}</p>
<dl class="facts"><div><dt>${speech.say(numberKey(sale.mode, place))}</dt>
<dd data-field="number">${speech.number(place.number)}</dd></div>
<div><dt>${speech.say('place.wait')}</dt><dd data-field="wait">${waitWords(speech, place.etaSeconds)}</dd></div>
<div><dt>${speech.say('place.behind')}</dt>
<dd data-field="behind">${behind === null ? '–' : speech.number(behind)}</dd></div></dl>
<p class="muted" data-field="why">${whyWords(speech, place)}</p>
<p data-field="outlook">${outlookWords(speech, place.outlook)}</p>
<p data-field="halted"${hiddenUnless(place.halted === true)}>${speech.say('place.halted')}</p>
<p class="muted" data-field="stale"${hiddenUnless(place.stale === true)}>${speech.say('place.stale')}</p>
<p class="muted small when" data-field="updated">${around(speech, 'place.updated', {
    name: 'time',
    piece: html`<time datetime="${sale.serverTime}" data-time="clock">${speech.clock(sale.serverTime, 'UTC')} UTC</time>`,
  })}</p>
${drawnNote(speech, sale, place)}<p class="muted scripted">${speech.say('place.keepOpen')}</p>
<noscript><p class="muted">${speech.say('place.keepOpenPlain')}</p></noscript>
${tellPanel(speech)}${place.lane === 'main' ? passForm(speech, sale) : ''}${leaveForm(speech, sale)}`;
  return panel(speech, lineTitle(place), body);
}

function hiddenUnless(isShown: boolean): Html | '' {
  return isShown ? '' : raw(' hidden');
}

function startLine(speech: Speech, sale: PublicSale): Html {
  const piece = timeElement(speech, sale.startsAt);
  return html`<p class="muted when">${around(speech, 'sale.startsAt', { name: 'time', piece })}
<span data-countdown="${sale.startsAt}"></span></p>`;
}

/** How an entrant of a lottery checks their own number. */
function drawnNote(
  speech: Speech,
  sale: PublicSale,
  { lobbyNumber, number, state }: Place,
): Html | '' {
  if (lobbyNumber === undefined || state === 'lobby') return '';
  const report = `/api/sales/${sale.id}/fairness`;
  return html`<details class="muted" data-field="drawn"><summary>${speech.say('place.drawnSummary')}</summary>
<p>${speech.say('place.drawnText', { lobbyNumber, rank: number })}
<a href="${report}">${speech.say('place.drawnReport')}</a>, <a href="${report}/log">${speech.say('place.drawnLog')}</a>.</p>
<p>${speech.say('place.drawnHow')} <code dir="ltr">npm run verify-draw -- (this address) ${sale.id} ${lobbyNumber}</code></p></details>`;
}

function turnPanel(speech: Speech, sale: PublicSale, place: Place): Html {
  const until = place.admittedUntil ?? sale.serverTime;
  const piece = timeElement(speech, until);
  const body = html`${countdownFigure(speech, until, sale.serverTime)}
<p class="when">${around(speech, 'place.turnText', { name: 'time', piece })}</p>
${buyForm(speech, sale)}${drawnNote(speech, sale, place)}${leaveForm(speech, sale)}`;
  return panel(speech, 'place.turnTitle', body, ' turn');
}

type Ended = { title: WordKey; text: WordKey | null };

function endedPanel(speech: Speech, sale: PublicSale, { title, text }: Ended): Html {
  const canJoin = sale.state === 'lobby' || sale.state === 'open' || sale.state === 'paused';
  const again = canJoin
    ? html`<p class="muted">${speech.say('place.againText')}</p>${joinForm(speech, sale)}`
    : '';
  const body = html`${text === null ? '' : html`<p>${speech.say(text)}</p>`}${again}`;
  return panel(speech, title, body);
}
