import { around, type Html } from '@fairgate/shared/pages/frame.ts';
import { html } from 'hono/html';
import type { SaleOffer } from '../app/ports.ts';
import { deadline } from './deadline.ts';
import type { Look } from './look.ts';
import type { Mistake, MistakenField } from './mistake.ts';
import { checkoutPhrases } from './phrases.ts';
import { liveNotes, type Shown, shownPage } from './shell.ts';

export type CheckoutPageState = {
  sale: SaleOffer;
  /** Empty where the script has to bring it from the address' fragment; until then no button. */
  token: string;
  /** Read from the token without checking it: shown, never trusted. */
  hints: { expiresAt: string | null; max: number | null };
  /** Sent with the form, so that sending it twice is one redemption. */
  key: string;
  mistake: Mistake | null;
  /** ISO 8601: proofs are made, and times counted down, by the server's clock. */
  serverTime: string;
  chosen: { productId: string; quantity: number; email: string } | null;
};

/** The checkout page: what, how many, an address for the mail, and the button. */
export function checkoutPage(look: Look, script: string, state: CheckoutPageState): Shown {
  const { sale, token, hints } = state;
  const { speech } = look;
  const expiry = hints.expiresAt ?? '';
  const time = { name: 'time', piece: deadline(speech, expiry, 'token-expiry') };
  const back = html`<a href="/sales/${sale.id}">${speech.say('common.backToSale')}</a>`;
  const main = html`<h1>${speech.say('checkout.title')}</h1>
<p class="muted">${sale.name}</p>
${mistakeSummary(look, state.mistake)}
<p id="time-left" class="notice${expiry === '' ? ' unknown' : ''}">${around(speech, 'checkout.timeLeft', time)}</p>
<p id="no-token" class="notice late" ${token === '' ? '' : 'hidden'}>${speech.say('checkout.noToken')} ${back}</p>
<form class="card" method="post" action="/checkout/redeem" id="redeem" data-sale="${sale.id}" data-server-time="${state.serverTime}">
<input type="hidden" name="sale" value="${sale.id}"><input type="hidden" name="token" value="${token}"><input type="hidden" name="key" value="${state.key}">
${productChoice(look, state)}
${quantityField(look, state)}
${emailField(look, state)}
<p>${speech.say('checkout.total')} <strong id="total" aria-live="polite">${totalText(look, state)}</strong></p>
<p><button type="submit" ${token === '' ? 'disabled' : ''}>${speech.say('checkout.reserve')}</button></p>
<p class="muted">${speech.say('checkout.next')}</p>
<p class="muted">${speech.say('checkout.timeBack')} ${back}</p>
</form>
${liveNotes()}`;
  return shownPage({
    look,
    title: speech.say('checkout.pageTitle', { sale: sale.name }),
    main,
    script,
    phrases: speech.phrases(checkoutPhrases),
    // A page that a form brought the token to cannot be had again in another language.
    address: token === '' ? `/checkout?sale=${sale.id}` : null,
  });
}

/** What went wrong, above everything, with a link to the field that it is about. */
function mistakeSummary({ speech }: Look, mistake: Mistake | null): Html {
  if (mistake === null) {
    return html`<div id="mistake" class="notice notice-bad" role="alert" tabindex="-1"></div>`;
  }
  const { key, values, field } = mistake;
  const text = speech.say(key, values);
  return html`<div id="mistake" class="notice notice-bad" role="alert" tabindex="-1">${
    field === null ? text : html`<a href="#${field}">${text}</a>`
  }</div>`;
}

/** Of a field that the mistake is about: read as wrong, and described by what is wrong with it. */
function marked(state: CheckoutPageState, field: MistakenField, hint = ''): Html {
  const isWrong = state.mistake?.field === field;
  const ids = [hint, isWrong ? 'mistake' : ''].filter((id) => id !== '').join(' ');
  return html`${isWrong ? html`aria-invalid="true" ` : ''}${
    ids === '' ? '' : html`aria-describedby="${ids}"`
  }`;
}

function onOffer(sale: SaleOffer) {
  return sale.products.filter((product) => product.standing === 'offered');
}

function productChoice({ speech }: Look, state: CheckoutPageState): Html {
  const { sale, chosen } = state;
  const products = onOffer(sale);
  return html`<fieldset class="choices" id="productId" tabindex="-1" ${marked(state, 'productId')}>
<legend>${speech.say(products.length === 1 ? 'checkout.product' : 'checkout.chooseOne')}</legend>
${products.map(
  (product, i) => html`<label class="choice row"><input type="radio" name="productId" value="${
    product.id
  }" data-price="${product.priceMinor}" data-currency="${sale.currency}" required ${
    (chosen === null ? i === 0 : chosen.productId === product.id) ? 'checked' : ''
  }>
<span class="grow"><strong>${product.name}</strong> <span class="muted">${product.description}</span></span>
<span>${speech.money(product.priceMinor, sale.currency)}</span></label>`,
)}
</fieldset>`;
}

/** Until the token is known the sale says how many it may be; of one there is nothing to choose. */
function quantityField({ speech }: Look, state: CheckoutPageState): Html {
  const max = state.hints.max ?? state.sale.maxUnitsPerShopper;
  const quantity = state.chosen?.quantity ?? 1;
  return html`<div class="field" id="quantity-field" ${max === 1 && quantity === 1 ? 'hidden' : ''}><label for="quantity"><span>${speech.say('checkout.howMany')}</span></label>
<input type="number" name="quantity" id="quantity" min="1" max="${max}" value="${quantity}" required ${marked(state, 'quantity', 'quantity-hint')}>
<span class="hint" id="quantity-hint">${speech.say('checkout.upTo', { count: max })}</span></div>`;
}

function emailField({ speech }: Look, state: CheckoutPageState): Html {
  const isNeeded = state.sale.unitsPerEmail !== null;
  return html`<label class="field"><span>${speech.say(
    isNeeded ? 'checkout.emailNeeded' : 'checkout.email',
  )}</span>
<input type="email" name="email" id="email" autocomplete="email" maxlength="254" value="${
    state.chosen?.email ?? ''
  }" ${isNeeded ? 'required' : ''} ${marked(state, 'email')}></label>`;
}

function totalText({ speech }: Look, { sale, chosen }: CheckoutPageState): string {
  const products = onOffer(sale);
  const product = products.find(({ id }) => id === chosen?.productId) ?? products[0];
  const quantity = Math.max(1, chosen?.quantity ?? 1);
  return product ? speech.money(product.priceMinor * quantity, sale.currency) : '–';
}
