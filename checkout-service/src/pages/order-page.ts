import type { Order, OrderState } from '@fairgate/shared/order.ts';
import { around, type Html, timeElement } from '@fairgate/shared/pages/frame.ts';
import type { WordKey } from '@fairgate/shared/words/texts.ts';
import { html } from 'hono/html';
import type { SaleOffer } from '../app/ports.ts';
import { outageFailure } from '../domain/payment-rules.ts';
import { deadline } from './deadline.ts';
import { failureKey } from './failure.ts';
import type { Look } from './look.ts';
import type { Mistake } from './mistake.ts';
import { type PayBy, paySection, stripeForeign } from './pay-section.ts';
import { orderPhrases, stripePhrases } from './phrases.ts';
import type { ScriptName } from './scripts.ts';
import { liveNotes, type Shown, shownPage } from './shell.ts';

export type OrderPageState = {
  order: Order;
  version: number;
  extended: boolean;
  /** By how much the time to pay can be made longer, once. */
  moreSeconds: number;
  /** Whether a payment is under way, whose end this page waits for. */
  paying: boolean;
  payBy: PayBy;
  sale: SaleOffer | null;
  mistake: Mistake | null;
  /** ISO 8601: times are counted down by the server's clock. */
  serverTime: string;
  /** Whether the page stands at its own address, so that it may come anew by itself. */
  isAtHome: boolean;
};

const words: Record<OrderState, { title: WordKey; text: WordKey }> = {
  awaiting_payment: { title: 'order.awaiting', text: 'order.awaitingText' },
  paid: { title: 'order.paid', text: 'order.paidText' },
  expired: { title: 'order.expired', text: 'order.expiredText' },
  cancelled: { title: 'order.cancelled', text: 'order.cancelledText' },
  refunded: { title: 'order.refunded', text: 'order.refundedText' },
};
const payingWords = { title: 'order.paying', text: 'order.payingText' } as const;

/**
 * The order page: state, units, and while it is unpaid the way to pay or to give back. Its script
 * takes each `data-part` from a fresh page and puts it in where it has changed.
 */
export function orderPage(
  look: Look,
  scriptOf: (name: ScriptName) => string,
  state: OrderPageState,
): Shown {
  const { order, paying, payBy, sale } = state;
  const { speech } = look;
  const awaiting = order.state === 'awaiting_payment';
  const byStripe = payBy.kind === 'stripe' && awaiting;
  const { title } = paying && awaiting ? payingWords : words[order.state];
  const address = `/checkout/orders/${order.id}`;
  const main = html`<div id="order" data-id="${order.id}" data-sale="${order.saleId}" data-version="${state.version}" data-state="${order.state}" data-paying="${paying ? 'yes' : 'no'}" data-server-time="${state.serverTime}">
<div data-part="mistake">${mistakeNotice(look, state.mistake)}</div>
<div data-part="state">${stateWords(look, state)}</div>
<div data-part="failure">${awaiting ? failureNotice(look, state) : ''}</div>
<div data-part="time">${awaiting ? timeToPay(look, state) : ''}</div>
<div data-part="pay">${awaiting && !paying ? paySection(look, order, payBy) : ''}</div>
<div data-part="summary">${summary(look, state)}</div>
<div data-part="ways">${awaiting && !paying ? cancelling(look, order.id) : ''}</div>
<p class="no-print"><button id="print" class="button-quiet" type="button" hidden>${speech.say('order.print')}</button></p>
${liveNotes()}
</div>`;
  return shownPage({
    look,
    title: `${speech.say(title)} – ${sale?.name ?? order.id}`,
    main,
    script: scriptOf(byStripe ? 'order-stripe' : 'order'),
    phrases: speech.phrases(byStripe ? stripePhrases : orderPhrases),
    refreshSeconds: awaiting && paying && state.isAtHome ? 2 : null,
    address,
    ...(byStripe ? { foreign: stripeForeign } : {}),
  });
}

function stateWords({ speech }: Look, { order, paying, isAtHome }: OrderPageState): Html {
  const isPaying = paying && order.state === 'awaiting_payment';
  const { title, text } = isPaying ? payingWords : words[order.state];
  const again = html`<p><a href="/checkout/orders/${order.id}">${speech.say('order.follow')}</a></p>`;
  return html`<h1 tabindex="-1">${speech.say(title)}</h1>
<p>${speech.say(text)}</p>${isPaying && !isAtHome ? again : ''}`;
}

function mistakeNotice({ speech }: Look, mistake: Mistake | null): Html | string {
  if (mistake === null) return '';
  const { key, values, field } = mistake;
  const text = speech.say(key, values);
  return html`<div id="mistake" class="notice notice-bad" role="alert" tabindex="-1">${
    field === null ? text : html`<a href="#${field}">${text}</a>`
  }</div>`;
}

/** Why the order is not paid yet: the card, or the provider, which is not the shopper's fault. */
function failureNotice({ speech }: Look, { order, paying }: OrderPageState): Html | string {
  const { failure, outageSeconds = 0, payBefore } = order;
  if (failure === undefined) return '';
  const isLonger = failure === outageFailure && outageSeconds > 0;
  const text = isLonger
    ? around(speech, 'failure.outageUntil', {
        name: 'time',
        piece: deadline(speech, payBefore, 'kept-until'),
      })
    : speech.say(failureKey(failure));
  const goesOn = failure === outageFailure && paying ? speech.say('failure.goesOn') : '';
  return html`<p class="notice notice-bad" role="alert">${text} ${goesOn}</p>`;
}

/** The time to pay, and beside it what makes it longer (WCAG 2.2, 2.2.1). */
function timeToPay({ speech }: Look, state: OrderPageState): Html {
  const { order, extended, moreSeconds, paying } = state;
  const time = { name: 'time', piece: deadline(speech, order.payBefore, 'pay-before') };
  const more = html`<form method="post" action="/checkout/orders/${order.id}/extend" id="extend">
<p><button class="button-quiet" type="submit" aria-describedby="more-hint">${speech.say('order.more')}</button>
<span class="hint" id="more-hint" data-seconds="${moreSeconds}">${speech.say('order.moreHint', {
    duration: speech.duration(moreSeconds),
  })}</span></p></form>`;
  return html`<div class="notice timing"><p>${around(speech, 'order.timeToPay', time)}</p>${
    extended || paying ? '' : more
  }</div>`;
}

function summary({ speech }: Look, { order, sale }: OrderPageState): Html {
  const nameOf = (id: string) => sale?.products.find((product) => product.id === id)?.name ?? id;
  return html`<section class="card" aria-labelledby="ordered"><h2 id="ordered">${speech.say('order.ordered')}</h2>
${sale === null ? '' : html`<p class="muted">${sale.name}</p>`}
<ul class="list stack">${order.items.map(
    (item) => html`<li><div class="row"><strong class="grow">${speech.say('order.line', {
      quantity: item.quantity,
      product: nameOf(item.productId),
    })}</strong> <span>${speech.money(item.quantity * item.unitPriceMinor, order.currency)}</span></div>
${
  item.units.length > 0
    ? html`<p class="muted units">${speech.say('order.units')}: ${item.units.join(' · ')}</p>`
    : ''
}</li>`,
  )}</ul>
<p class="row total"><span class="grow">${speech.say('order.total')}</span> <strong>${speech.money(order.totalMinor, order.currency)}</strong></p>
<p class="muted">${around(speech, 'order.number', { name: 'id', piece: html`<code>${order.id}</code>` })}<br>
${around(speech, 'order.placedAt', { name: 'time', piece: timeElement(speech, order.createdAt) })}${
  order.paidAt === undefined
    ? ''
    : html`<br>${around(speech, 'order.paidAt', { name: 'time', piece: timeElement(speech, order.paidAt) })}`
}</p></section>`;
}

/** Asks once more before it is done, without a script too. */
function cancelling({ speech }: Look, orderId: string): Html {
  return html`<details class="ways" id="cancel"><summary class="button button-quiet">${speech.say('order.cancel')}</summary>
<form method="post" action="/checkout/orders/${orderId}/cancel"><p>${speech.say('order.cancelSure')}</p>
<p><button type="submit">${speech.say('order.cancelYes')}</button></p></form></details>`;
}
