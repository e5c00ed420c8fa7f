import type { Order, OrderState } from '@fairgate/shared/order.ts';
import { html } from 'hono/html';
import type { SaleOffer } from '../app/ports.ts';
import { amountFailure, outageFailure } from '../domain/payment-rules.ts';
import { deadline, type Markup, money, page } from './layout.ts';

export type OrderPageState = {
  order: Order;
  version: number;
  extended: boolean;
  /** Whether a payment is under way, whose end this page waits for. */
  paying: boolean;
  /** Where the order can be paid: here by a sandbox card, on the shop's own pages, or nowhere. */
  payBy: 'sandbox' | 'shop' | 'nothing';
  sale: SaleOffer | null;
  mistake: string | null;
};

const words: Record<OrderState, { title: string; text: string }> = {
  awaiting_payment: { title: 'Reserved for you', text: 'Pay in time, and it is yours.' },
  paid: { title: 'Paid', text: 'Thank you. Your order is complete.' },
  expired: { title: 'Expired', text: 'The order was not paid in time; the units went back.' },
  cancelled: { title: 'Cancelled', text: 'You gave the units back.' },
  refunded: { title: 'Refunded', text: 'The money is on its way back to you.' },
};

/** The sandbox cards of CONTRACT.md section 4, for people who try it out. */
const testCards = [
  ['4242 4242 4242 4242', 'pays'],
  ['4000 0000 0000 0002', 'is declined'],
  ['4000 0000 0000 0259', 'pays after 3 seconds'],
  ['4000 0000 0000 0119', 'the provider fails'],
  ['4000 0000 0000 0044', 'pays, and says so three times'],
] as const;

/** The order page: state, units, and while it is unpaid the way to pay or to give back. */
export function orderPage(state: OrderPageState): Markup {
  const { order, paying } = state;
  const awaiting = order.state === 'awaiting_payment';
  const { title, text } = words[order.state];
  const main = html`<div id="order" data-id="${order.id}" data-sale="${order.saleId}" data-version="${state.version}"
      data-state="${order.state}" data-paying="${paying ? 'yes' : 'no'}">
    <p><span class="badge">${order.state.replace('_', ' ')}</span></p>
    <h1 tabindex="-1">${paying && awaiting ? 'Payment under way' : title}</h1>
    <p aria-live="polite" role="status">${
      paying && awaiting ? 'The payment provider will answer shortly.' : text
    }</p>
    ${state.mistake === null ? '' : html`<p class="notice notice-bad" role="alert">${state.mistake}</p>`}
    ${awaiting ? failureNotice(order, paying) : ''}
    ${awaiting ? html`<p class="notice">Time to pay: ${deadline(order.payBefore, 'pay-before')}</p>` : ''}
    ${summary(state)}
    ${awaiting && !paying ? actions(state) : ''}
    <p class="muted">Order <code>${order.id}</code></p>
  </div>`;
  return page({
    title: `${title} – order`,
    main,
    script: 'order.js',
    refreshSeconds: awaiting && paying ? 2 : null,
  });
}

/** Why the order is not paid yet: the card, or the provider, which is not the shopper's fault. */
function failureNotice({ failure, outageSeconds = 0, payBefore }: Order, paying: boolean) {
  if (failure === outageFailure) {
    return html`<p class="notice notice-bad" role="alert">
      The payment provider is away. Nothing is lost:
      ${
        outageSeconds > 0
          ? html`we keep your order longer, ${deadline(payBefore, 'kept-until')}.`
          : 'your order is kept.'
      }
      ${paying ? 'We go on asking about your payment.' : 'Please try again in a moment.'}
    </p>`;
  }
  if (failure === amountFailure) {
    return html`<p class="notice notice-bad" role="alert">
      Another sum arrived than the order costs, and goes back to you. Please pay again.
    </p>`;
  }
  if (failure === undefined) return '';
  return html`<p class="notice notice-bad" role="alert">
    The payment was declined (${failure.replaceAll('_', ' ')}). You can try again.
  </p>`;
}

function summary({ order, sale }: OrderPageState) {
  const nameOf = (id: string) => sale?.products.find((product) => product.id === id)?.name ?? id;
  return html`<section class="card" aria-label="What you ordered">
    <ul class="list stack">
      ${order.items.map(
        (item) =>
          html`<li>
            <div class="row">
              <strong class="grow">${item.quantity} × ${nameOf(item.productId)}</strong>
              <span>${money(item.quantity * item.unitPriceMinor, order.currency)}</span>
            </div>
            ${
              item.units.length > 0
                ? html`<p class="muted units">${item.units.join(' · ')}</p>`
                : ''
            }
          </li>`,
      )}
    </ul>
    <p class="row total"><span class="grow">Total</span> <strong>${money(order.totalMinor, order.currency)}</strong></p>
  </section>`;
}

function actions(state: OrderPageState) {
  const { order, extended } = state;
  const base = `/checkout/orders/${order.id}`;
  return html`${paySection(state)}
    <div class="row">
      ${
        extended
          ? ''
          : html`<form method="post" action="${base}/extend">
              <button class="button-quiet" type="submit">I need more time</button>
            </form>`
      }
      <form method="post" action="${base}/cancel">
        <button class="button-quiet" type="submit">Cancel and give back</button>
      </form>
    </div>`;
}

/**
 * A card is asked for by the sandbox alone. Stripe's form is Stripe's script from Stripe's origin,
 * which these pages do not load: the shop's own front end shows it (ADR 0010).
 */
function paySection({ order, payBy }: OrderPageState) {
  const amount = money(order.totalMinor, order.currency);
  switch (payBy) {
    case 'sandbox':
      return html`<section class="card" aria-label="Pay">
        <h2>Pay</h2>
        ${sandboxForm(order.id, amount)}
      </section>`;
    case 'shop':
      return html`<section class="card" aria-label="Pay">
        <h2>Pay</h2>
        <p>Pay ${amount} on the shop’s own page. As soon as the payment is confirmed, you see it here.</p>
      </section>`;
    case 'nothing':
      return html`<section class="card" aria-label="Pay">
        <h2>Pay</h2>
        <p>No way to pay is set up here. Please ask the shop.</p>
      </section>`;
  }
}

function sandboxForm(orderId: string, amount: string) {
  return html`      <form method="post" action="/checkout/orders/${orderId}/pay" id="pay">
        <label class="field"
          ><span>Card number</span>
          <input
            name="card"
            inputmode="numeric"
            autocomplete="off"
            required
            minlength="12"
            maxlength="32"
            placeholder="4242 4242 4242 4242"
          />
        </label>
        <button type="submit">Pay ${amount}</button>
      </form>
      <details>
        <summary>Test cards of the sandbox</summary>
        <ul>
          ${testCards.map(([card, does]) => html`<li><code>${card}</code> ${does}</li>`)}
        </ul>
      </details>`;
}
