import type { Order } from '@fairgate/shared/order.ts';
import type { Html } from '@fairgate/shared/pages/frame.ts';
import type { Foreign } from '@fairgate/shared/pages/policy.ts';
import type { WordKey } from '@fairgate/shared/words/texts.ts';
import { html } from 'hono/html';
import type { Look } from './look.ts';

/** Where an order can be paid: here by a sandbox card or Stripe's form, on the shop's own pages, or nowhere. */
export type PayBy =
  | { kind: 'sandbox' }
  /** `amount`: as Stripe counts it, for its form alone; what is paid is what the checkout asks for. */
  | { kind: 'stripe'; publishableKey: string; amount: number }
  | { kind: 'shop' }
  | { kind: 'nothing' };

/** What Stripe's form needs of Stripe (docs.stripe.com/security/guide, content security policy). */
export const stripeForeign: Foreign = {
  scripts: ['https://js.stripe.com', 'https://*.js.stripe.com'],
  frames: ['https://js.stripe.com', 'https://*.js.stripe.com', 'https://hooks.stripe.com'],
  connects: ['https://api.stripe.com'],
};

/** The sandbox cards of CONTRACT.md section 4, for people who try it out. */
const testCards: readonly [string, WordKey][] = [
  ['4242 4242 4242 4242', 'pay.testPays'],
  ['4000 0000 0000 0002', 'pay.testDeclined'],
  ['4000 0000 0000 0259', 'pay.testLater'],
  ['4000 0000 0000 0119', 'pay.testFails'],
  ['4000 0000 0000 0044', 'pay.testThrice'],
];

export function paySection(look: Look, order: Order, payBy: PayBy): Html {
  const { speech } = look;
  const amount = speech.money(order.totalMinor, order.currency);
  const within = (content: Html | string) =>
    html`<section class="card" aria-labelledby="pay-title"><h2 id="pay-title">${speech.say('pay.title')}</h2>
${content}</section>`;
  switch (payBy.kind) {
    case 'sandbox':
      return within(sandboxForm(look, order.id, amount));
    case 'stripe':
      return within(stripeForm(look, order, payBy, amount));
    case 'shop':
      return within(html`<p>${speech.say('pay.elsewhere', { amount })}</p>`);
    case 'nothing':
      return within(html`<p>${speech.say('pay.nothing')}</p>`);
  }
}

function sandboxForm({ speech }: Look, orderId: string, amount: string): Html {
  return html`<form method="post" action="/checkout/orders/${orderId}/pay" id="pay">
<label class="field"><span>${speech.say('pay.card')}</span>
<input name="card" id="card" inputmode="numeric" autocomplete="off" required minlength="12" maxlength="32" dir="ltr" placeholder="4242 4242 4242 4242"></label>
<button type="submit">${speech.say('pay.button', { amount })}</button></form>
<details><summary>${speech.say('pay.testCards')}</summary><ul>${testCards.map(
    ([card, does]) => html`<li><code dir="ltr">${card}</code> ${speech.say(does)}</li>`,
  )}</ul></details>`;
}

/** Empty until the script has Stripe's form in it; Stripe's script comes from Stripe alone. */
function stripeForm(
  { speech }: Look,
  order: Order,
  { publishableKey, amount }: PayBy & { kind: 'stripe' },
  shown: string,
): Html {
  return html`<noscript><p>${speech.say('pay.needsScript')}</p></noscript>
<form id="pay-stripe" hidden data-key="${publishableKey}" data-amount="${amount}" data-currency="${order.currency.toLowerCase()}">
<p id="pay-state" role="status"></p><div id="pay-element"></div>
<p id="pay-mistake" class="notice notice-bad" role="alert" tabindex="-1"></p>
<p><button type="submit" disabled>${speech.say('pay.button', { amount: shown })}</button></p>
<p class="muted">${speech.say('pay.byStripe')}</p></form>
<p><button id="pay-again" class="button-quiet" type="button" hidden>${speech.say('common.tryAgain')}</button></p>`;
}
