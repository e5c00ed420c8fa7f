import { gzipSync } from 'node:zlib';
import type { Order } from '@fairgate/shared/order.ts';
import { type Language, languages } from '@fairgate/shared/words/languages.ts';
import { speechIn } from '@fairgate/shared/words/speech.ts';
import { describe, expect, test } from 'vitest';
import type { SaleOffer } from '../app/ports.ts';
import { amountFailure, outageFailure } from '../domain/payment-rules.ts';
import { type CheckoutPageState, checkoutPage } from './checkout-page.ts';
import { lookOf } from './look.ts';
import { mistakeKeys } from './mistake.ts';
import { type OrderPageState, orderPage } from './order-page.ts';
import type { PayBy } from './pay-section.ts';
import { pageScripts } from './scripts.ts';
import { messagePage, type Shown } from './shell.ts';

const scripts = pageScripts();
const serverTime = '2026-11-26T12:00:00.000Z';
const sale: SaleOffer = {
  id: 'sale_1',
  name: 'A sale <of> things',
  currency: 'EUR',
  maxUnitsPerShopper: 4,
  unitsPerEmail: null,
  isDeleted: false,
  appearance: null,
  products: [
    { id: 'prod_1', name: 'One', description: 'The first', priceMinor: 1_050, standing: 'offered' },
    { id: 'prod_2', name: 'Two', description: '', priceMinor: 99_900, standing: 'offered' },
    { id: 'prod_3', name: 'Gone', description: '', priceMinor: 5, standing: 'withdrawn' },
  ],
};
const order: Order = {
  id: 'ord_01kwzc6j9f0000000000000000',
  saleId: sale.id,
  state: 'awaiting_payment',
  items: [{ productId: 'prod_1', quantity: 2, unitPriceMinor: 1_050, units: ['unit_1', 'unit_2'] }],
  totalMinor: 2_100,
  currency: 'EUR',
  payBefore: '2026-11-26T12:05:00.000Z',
  createdAt: serverTime,
};

const checkout: CheckoutPageState = {
  sale,
  token: 'a.b.c',
  hints: { expiresAt: '2026-11-26T12:02:00.000Z', max: 4 },
  key: 'a-key',
  mistake: null,
  serverTime,
  chosen: null,
};
const checkoutStates: Record<string, Partial<CheckoutPageState>> = {
  'with a token': {},
  'without one': { token: '', hints: { expiresAt: null, max: null } },
  'of one unit': { hints: { expiresAt: '2026-11-26T12:02:00.000Z', max: 1 } },
  'that needs an e-mail': { sale: { ...sale, unitsPerEmail: 2 } },
  'with nothing on offer': { sale: { ...sale, products: [] } },
  'with what was chosen': { chosen: { productId: 'prod_2', quantity: 3, email: 'a@b.example' } },
  'with nonsense chosen': { chosen: { productId: 'none', quantity: 0, email: '"><script>' } },
  ...Object.fromEntries(
    mistakeKeys.map((key) => [
      `that says ${key}`,
      { mistake: { key, values: { count: 4 }, field: 'quantity' as const } },
    ]),
  ),
};

const paid: OrderPageState = {
  order: { ...order, state: 'paid', paidAt: serverTime },
  version: 2,
  extended: false,
  moreSeconds: 300,
  paying: false,
  payBy: { kind: 'sandbox' },
  sale,
  mistake: null,
  serverTime,
  isAtHome: true,
};
const awaiting = { ...paid, order };
const failed = (failure: string, outageSeconds?: number): Partial<OrderPageState> => ({
  order: { ...order, failure, ...(outageSeconds ? { outageSeconds } : {}) },
});
const stripe: PayBy = { kind: 'stripe', publishableKey: 'pk_test_0123456789', amount: 2_100 };
const orderStates: Record<string, Partial<OrderPageState>> = {
  awaiting,
  'extended before': { ...awaiting, extended: true },
  paying: { ...awaiting, paying: true },
  'paying, by a form': { ...awaiting, paying: true, isAtHome: false },
  'paid by Stripe': { ...awaiting, payBy: stripe },
  'paid at the shop': { ...awaiting, payBy: { kind: 'shop' } },
  'paid nowhere': { ...awaiting, payBy: { kind: 'nothing' } },
  'of a sale that is gone': { ...awaiting, sale: null },
  'after a mistake': { ...awaiting, mistake: { key: 'failure.number', values: {}, field: 'card' } },
  paid,
  expired: { order: { ...order, state: 'expired' } },
  cancelled: { order: { ...order, state: 'cancelled' } },
  refunded: { order: { ...order, state: 'refunded', paidAt: serverTime } },
  'with the provider away': failed(outageFailure),
  'kept longer': failed(outageFailure, 120),
  'kept longer while paying': { ...failed(outageFailure, 120), paying: true },
  'of another sum': failed(amountFailure),
  ...Object.fromEntries(
    ['card_declined', 'insufficient_funds', 'expired_card', 'incorrect_cvc', 'toString'].map(
      (word) => [`declined by ${word}`, failed(word)],
    ),
  ),
};

const shownCheckout = (language: Language, state: Partial<CheckoutPageState>) =>
  checkoutPage(lookOf(language, sale), scripts.addressOf('checkout'), {
    ...checkout,
    ...state,
  });
const shownOrder = (language: Language, state: Partial<OrderPageState>) =>
  orderPage(lookOf(language, sale), scripts.addressOf, { ...paid, ...state });

/** What a person reads of a page: without its style and data, tags and their attributes. */
const readable = (html: string) =>
  html
    .replaceAll(/<(style|script)[^>]*>.*?<\/\1>/gs, ' ')
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/\s+/g, ' ');

const wrong = [
  /undefined|\bnull\b|NaN|Infinity|Invalid Date|\[object/,
  /[{}]/,
  /(^|\s)-\d/,
  /\b(common|checkout|mistake|order|pay|failure|trouble|live)\.[a-zA-Z]+\b/,
];

async function expectReadable({ page }: Shown, language: Language): Promise<string> {
  const html = `${await page}`;
  const text = readable(html);
  for (const pattern of wrong) expect(text).not.toMatch(pattern);
  expect(html).toContain(`<html lang="${language}" dir="${language === 'ar' ? 'rtl' : 'ltr'}">`);
  expect(html).toContain('<meta name="robots" content="noindex">');
  return html;
}

describe.each(languages)('in %s', (language) => {
  test.each(Object.entries(checkoutStates))('the checkout page %s is whole', async (_, state) => {
    await expectReadable(shownCheckout(language, state), language);
  });

  test.each(Object.entries(orderStates))('the order page, %s, is whole', async (_, state) => {
    await expectReadable(shownOrder(language, state), language);
  });

  test('a message is whole', async () => {
    const speech = speechIn(language);
    const words = { title: speech.say('order.notShown'), text: speech.say('order.notShownText') };
    await expectReadable(messagePage(speech, words), language);
  });
});

test('a shop’s own colours, logo and texts are on the pages of its sale, and their policy allows them', async () => {
  const appearance = {
    colours: { accent: '#7a1fa2' },
    logoUrl: 'https://shop.example/logo.svg',
    texts: { de: { 'checkout.reserve': 'Her damit' } },
  };
  const dressed = { ...sale, appearance };
  const look = lookOf('de', dressed);
  for (const { page, policy } of [
    checkoutPage(look, scripts.addressOf('checkout'), { ...checkout, sale: dressed }),
    orderPage(look, scripts.addressOf, { ...paid, sale: dressed }),
  ]) {
    const html = `${await page}`;
    expect(html).toContain('--accent:#7a1fa2');
    expect(html).toContain(
      '<img src="https://shop.example/logo.svg" alt="A sale &lt;of&gt; things">',
    );
    expect(policy.match(/'sha256-/g)).toHaveLength(2);
  }
  const { page } = checkoutPage(look, '', { ...checkout, sale: dressed });
  expect(readable(`${await page}`)).toContain('Her damit');
  expect(lookOf('de', dressed)).toBe(look);
});

test('no page has anything inline that its policy would have to excuse', async () => {
  for (const { page, policy } of [
    ...Object.values(checkoutStates).map((state) => shownCheckout('en', state)),
    ...Object.values(orderStates).map((state) => shownOrder('en', state)),
  ]) {
    const html = `${await page}`;
    expect(html).not.toMatch(/ (on[a-z]+|style)=/);
    expect(html).not.toMatch(
      /<script(?![^>]*(src="\/checkout\/assets\/|type="application\/json"))/,
    );
    expect(policy).not.toContain('unsafe');
    expect(policy).toMatch(/style-src 'sha256-[A-Za-z0-9+/=]+';/);
  }
});

test('Stripe may be on the page of an order that waits to be paid by it, and on no other', async () => {
  const withStripe = Object.entries(orderStates).flatMap(([name, state]) =>
    shownOrder('en', state).policy.includes('stripe.com') ? [name] : [],
  );
  expect(withStripe).toEqual(['paid by Stripe']);
  expect(shownOrder('en', { ...paid, payBy: stripe }).policy).not.toContain('stripe.com');
  const html = `${await shownOrder('en', { ...awaiting, payBy: stripe }).page}`;
  expect(html).toContain(scripts.addressOf('order-stripe'));
  expect(html).toContain('data-key="pk_test_0123456789"');
});

test('an e-mail address may be left out, except where the sale counts units by it', async () => {
  const emailField = async (state: Partial<CheckoutPageState>) =>
    /<input type="email"[^>]*>/.exec(`${await shownCheckout('en', state).page}`)?.[0];
  expect(await emailField({})).not.toContain('required');
  expect(await emailField({ sale: { ...sale, unitsPerEmail: 2 } })).toContain('required');
});

test('a page without a script comes anew while a payment is under way, and never at the address of a form', async () => {
  const refreshes = async (state: Partial<OrderPageState>) =>
    `${await shownOrder('en', state).page}`.includes('http-equiv="refresh"');
  expect(await refreshes({ ...awaiting, paying: true })).toBe(true);
  expect(await refreshes({ ...awaiting, paying: true, isAtHome: false })).toBe(false);
  expect(await refreshes(awaiting)).toBe(false);
});

test.each(languages)(
  'pages in %s weigh no more than 14 KB, their script included',
  async (language) => {
    const weigh = async ({ page }: Shown, name: 'checkout' | 'order' | 'order-stripe') => {
      const script = scripts.find(`${name}.js`)?.text ?? '';
      return gzipSync(`${await page}`).length + gzipSync(script).length;
    };
    expect(await weigh(shownCheckout(language, {}), 'checkout')).toBeLessThan(14_336);
    expect(await weigh(shownOrder(language, awaiting), 'order')).toBeLessThan(14_336);
    const byStripe = shownOrder(language, { ...awaiting, payBy: stripe });
    expect(await weigh(byStripe, 'order-stripe')).toBeLessThan(14_336);
  },
);
