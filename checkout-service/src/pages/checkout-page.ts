import { html } from 'hono/html';
import type { SaleOffer } from '../app/ports.ts';
import { deadline, type Markup, money, page } from './layout.ts';

export type CheckoutPageState = {
  sale: SaleOffer;
  /** Empty where the script has to bring it from the address' fragment; until then no button. */
  token: string;
  /** Read from the token without checking it: shown, never trusted. */
  hints: { expiresAt: string | null; max: number | null };
  /** Sent with the form, so that sending it twice is one redemption. */
  key: string;
  mistake: string | null;
  /** ISO 8601: proofs are made by the server's clock. */
  serverTime: string;
  chosen: { productId: string; quantity: number; email: string } | null;
};

/** The checkout page: what, how many, an address for the mail, and the button. */
export function checkoutPage(state: CheckoutPageState): Markup {
  const { sale, token, hints } = state;
  const expiry = hints.expiresAt ?? '';
  const main = html`<h1>Your turn</h1>
    <p class="muted">${sale.name}</p>
    <p id="mistake" class="notice notice-bad" role="alert" ${state.mistake === null ? 'hidden' : ''}>${state.mistake ?? ''}</p>
    <p id="no-token" class="notice" role="alert" ${token === '' ? '' : 'hidden'}>
      This page needs the purchase token of your place.
      <a href="/sales/${sale.id}">Go back to the sale</a> and continue from there.
    </p>
    <p id="time-left" class="notice" aria-live="off" ${expiry === '' ? 'hidden' : ''}>
      Your place is kept. Time to reserve: ${deadline(expiry, 'token-expiry')}
    </p>
    <form class="card" method="post" action="/checkout/redeem" id="redeem" data-sale="${sale.id}" data-server-time="${state.serverTime}">
      <input type="hidden" name="sale" value="${sale.id}" />
      <input type="hidden" name="token" value="${token}" />
      <input type="hidden" name="key" value="${state.key}" />
      ${productChoice(sale, state.chosen?.productId)}
      ${quantityField(hints.max, state.chosen?.quantity ?? 1)}
      <label class="field"
        ><span>E-mail for the receipt (optional)</span>
        <input
          type="email"
          name="email"
          autocomplete="email"
          maxlength="254"
          value="${state.chosen?.email ?? ''}"
        />
      </label>
      <p>Total <strong id="total" aria-live="polite">${totalText(state)}</strong></p>
      <button type="submit" ${token === '' ? 'disabled' : ''}>Reserve now</button>
      <p class="muted">You pay in the next step. Your units are held for you meanwhile.</p>
      <p class="muted">
        Time that a fault of ours takes from you is given back once: if it runs out here,
        <a href="/sales/${sale.id}">your place</a> has it.
      </p>
    </form>`;
  return page({ title: `Checkout – ${sale.name}`, main, script: 'checkout.js' });
}

function onOffer(sale: SaleOffer) {
  return sale.products.filter((product) => product.standing === 'offered');
}

function productChoice(sale: SaleOffer, chosen: string | undefined) {
  const products = onOffer(sale);
  return html`<fieldset class="choices">
    <legend>${products.length === 1 ? 'Product' : 'Choose one'}</legend>
    ${products.map(
      (product, i) =>
        html`<label class="choice row">
          <input
            type="radio"
            name="productId"
            value="${product.id}"
            data-price="${product.priceMinor}"
            data-currency="${sale.currency}"
            required
            ${(chosen === undefined ? i === 0 : chosen === product.id) ? 'checked' : ''}
          />
          <span class="grow"
            ><strong>${product.name}</strong> <span class="muted">${product.description}</span></span
          >
          <span>${money(product.priceMinor, sale.currency)}</span>
        </label>`,
    )}
  </fieldset>`;
}

function quantityField(max: number | null, quantity: number) {
  if (max === 1) return html`<input type="hidden" name="quantity" value="1" />`;
  return html`<label class="field" id="quantity-field"
    ><span>How many</span>
    <input type="number" name="quantity" min="1" max="${max ?? 100}" value="${quantity}" required />
  </label>`;
}

function totalText({ sale, chosen }: CheckoutPageState): string {
  const products = onOffer(sale);
  const product = products.find(({ id }) => id === chosen?.productId) ?? products[0];
  return product ? money(product.priceMinor * (chosen?.quantity ?? 1), sale.currency) : '–';
}
