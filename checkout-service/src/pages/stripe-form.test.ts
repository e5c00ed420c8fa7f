import Stripe from 'stripe';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { axeFindings, pixelsTooWide } from '../../../e2e/support/axe.ts';
import { freshDatabaseUrl } from '../../../e2e/support/stores.ts';
import { stripeClient } from '../adapters/stripe-client.ts';
import { makePageRig, type PageRig, type ShopperWish } from '../testing/page-rig.ts';
import { placeOrder } from '../testing/payment-rig.ts';
import { standInForStripe } from '../testing/stripe-page.ts';
import {
  declineIntent,
  makeStripe,
  payIntent,
  type StandInIntent,
  type StripeStandIn,
  stripeWebhookSecret as secret,
  stripeEvent,
  stripeKey,
} from '../testing/stripe-server.ts';

const publishableKey = 'pk_test_of_the_tests_0123456789';

// A browser on a machine that is busy with other tests.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 120_000 });

let stripe: StripeStandIn;
let pages: PageRig;
beforeAll(async () => {
  stripe = await makeStripe();
  const account = { secretKey: stripeKey, webhookSecret: secret, apiUrl: stripe.url };
  const provider = stripeClient({ ...account, toleranceSeconds: 300 });
  pages = await makePageRig({
    databaseUrl: await freshDatabaseUrl(afterAll),
    providers: [provider],
    stripePublishableKey: publishableKey,
  });
});
afterAll(async () => {
  await pages?.close();
  await stripe?.close();
});

/** The page of an order, with Stripe's script as the stand-in has it. */
async function open(wish: ShopperWish & { isAway?: boolean } = {}) {
  const order = await placeOrder(pages.rig);
  const shopper = await pages.shopper(wish);
  const cookie = { name: `fg_order_${order.id}`, value: order.key, url: pages.origin };
  await shopper.context.addCookies([cookie]);
  const script = await standInForStripe(shopper.page);
  script.isAway = wish.isAway ?? false;
  const address = `${pages.origin}/checkout/orders/${order.id}`;
  await shopper.page.goto(address);
  const pay = shopper.page.locator('#pay-stripe').getByRole('button');
  const intents = () =>
    [...stripe.intents.values()].filter((it) => it.metadata.orderId === order.id);
  return { ...shopper, order, script, pay, intents, address };
}

/** As Stripe would: signed. */
async function deliver(type: string, intent: StandInIntent) {
  const text = stripeEvent(type, intent);
  const signature = Stripe.webhooks.generateTestHeaderString({ payload: text, secret });
  const headers = { 'stripe-signature': signature, 'content-type': 'application/json' };
  return await pages.rig.call('POST', '/webhooks/stripe', { text, headers });
}

const heading = { name: 'Paid', level: 1 };

describe('Stripe’s form on the page of an order', () => {
  test('is there in the language and the colours of the page, and no payment begins until one pays', async () => {
    const { page, script, pay, intents, faults } = await open({ locale: 'de-DE' });
    await page.getByLabel('Card of Stripe').waitFor();
    await expect.poll(() => pay.isEnabled()).toBe(true);
    const [made, elements, created] = await script.calls();
    expect(made).toEqual({ name: 'Stripe', given: { key: publishableKey, locale: 'de' } });
    expect(elements?.given).toMatchObject({
      mode: 'payment',
      amount: 1_000,
      currency: 'eur',
      locale: 'de',
      appearance: { theme: 'stripe', variables: { colorPrimary: '#2b5bd7', colorText: '#1b1d22' } },
    });
    expect(created?.given).toEqual({ kind: 'payment' });
    expect(intents()).toEqual([]);
    expect(await axeFindings(page)).toEqual([]);
    expect(await pixelsTooWide(page)).toBeLessThanOrEqual(0);
    expect(script.asked).toEqual(['https://js.stripe.com/clover/stripe.js']);
    expect(faults).toEqual([`asked ${script.asked[0]}`]);
  });

  test('pays the order: Stripe is asked to confirm with our payment’s secret, and its event says the rest', async () => {
    const { page, script, pay, intents, address } = await open();
    await pay.click();
    await page.getByRole('status').filter({ hasText: 'Payment under way' }).waitFor();
    const [intent] = intents();
    expect((await script.calls()).slice(-2)).toEqual([
      { name: 'submit', given: {} },
      {
        name: 'confirmPayment',
        given: {
          clientSecret: intent?.client_secret,
          confirmParams: { return_url: address },
          redirect: 'if_required',
        },
      },
    ]);
    // Pressed again it pays nothing twice.
    await pay.click({ force: true });
    await deliver('payment_intent.succeeded', payIntent(intent!));
    await page.getByRole('heading', heading).waitFor();
    expect(intents()).toHaveLength(1);
    expect((await script.calls()).filter(({ name }) => name === 'confirmPayment')).toHaveLength(1);
    expect(await page.getByLabel('Card of Stripe').count()).toBe(0);
  });

  test('says what Stripe says of a card, and takes another one for the same payment', async () => {
    const { page, script, pay, intents } = await open();
    await expect.poll(() => pay.isEnabled()).toBe(true);
    const message = 'Your card has insufficient funds.';
    const error = { type: 'card_error', code: 'card_declined', message };
    await script.answers('confirmPayment', { error });
    await pay.click();
    const mistake = page.getByRole('alert').filter({ hasText: message });
    await mistake.waitFor();
    expect(await page.evaluate('document.activeElement.id')).toBe('pay-mistake');
    // Its event tells the order, whose page says so in its own words.
    await deliver(
      'payment_intent.payment_failed',
      declineIntent(intents()[0]!, 'insufficient_funds'),
    );
    await page.getByRole('alert').filter({ hasText: 'The card has not enough money' }).waitFor();
    expect(await axeFindings(page)).toEqual([]);
    await script.answers('confirmPayment', { paymentIntent: { status: 'succeeded' } });
    await pay.click();
    await page.getByRole('status').filter({ hasText: 'Payment under way' }).waitFor();
    expect(await mistake.count()).toBe(0);
    await deliver('payment_intent.succeeded', payIntent(intents()[0]!));
    await page.getByRole('heading', heading).waitFor();
    expect(intents()).toHaveLength(1);
  });

  test('begins another payment where the first one takes no money any more', async () => {
    const { page, script, pay, intents } = await open();
    await expect.poll(() => pay.isEnabled()).toBe(true);
    const error = { type: 'invalid_request_error', code: 'payment_intent_unexpected_state' };
    await script.answers('confirmPayment', { error: { ...error, message: 'for developers' } });
    await pay.click();
    await page.getByRole('alert').filter({ hasText: 'That did not work' }).waitFor();
    const [first] = intents();
    await deliver('payment_intent.canceled', Object.assign(first!, { status: 'canceled' }));
    await script.answers('confirmPayment', { paymentIntent: { status: 'succeeded' } });
    await pay.click();
    await expect.poll(() => intents().length).toBe(2);
    await page.getByRole('status').filter({ hasText: 'Payment under way' }).waitFor();
  });

  test('says what a form lacks, and begins no payment for it', async () => {
    const { page, script, pay, intents } = await open();
    await expect.poll(() => pay.isEnabled()).toBe(true);
    const error = { type: 'validation_error', message: 'Your card number is incomplete.' };
    await script.answers('submit', { error });
    await pay.click();
    await page.getByRole('alert').filter({ hasText: error.message }).waitFor();
    expect(intents()).toEqual([]);
  });

  test('says when Stripe’s script does not come, and tries again when asked to', async () => {
    const { page, script, pay } = await open({ isAway: true });
    await page.getByRole('alert').filter({ hasText: 'could not be loaded' }).waitFor();
    expect(await pay.isEnabled()).toBe(false);
    script.isAway = false;
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByLabel('Card of Stripe').waitFor();
    expect(await pay.isEnabled()).toBe(true);
  });

  test('says when Stripe’s form loads for ever, and tries again when asked to', async () => {
    const { page, script, pay } = await open({ isAway: true });
    await page.getByRole('alert').filter({ hasText: 'could not be loaded' }).waitFor();
    script.isAway = false;
    await script.stalls(true);
    await page.clock.install();
    const again = page.getByRole('button', { name: 'Try again' });
    await again.click();
    const form = page.getByLabel('Card of Stripe');
    await form.waitFor();
    await page.clock.runFor(15_000);
    await page.getByRole('alert').filter({ hasText: 'could not be loaded' }).waitFor();
    expect(await pay.isEnabled()).toBe(false);
    await script.stalls(false);
    await again.click();
    await expect.poll(() => pay.isEnabled()).toBe(true);
    expect(await form.count()).toBe(1);
  });

  test('says that our side is away, keeps what was entered, and pays when it is back', async () => {
    const { page, pay, intents } = await open();
    await page.getByLabel('Card of Stripe').fill('4242');
    await page.route('**/payments', (route) => route.abort('connectionreset'));
    await pay.click();
    await page.getByRole('alert').filter({ hasText: 'please try again' }).waitFor();
    expect(await page.getByLabel('Card of Stripe').inputValue()).toBe('4242');
    await page.unroute('**/payments');
    await pay.click();
    await page.getByRole('status').filter({ hasText: 'Payment under way' }).waitFor();
    expect(intents()).toHaveLength(1);
  });

  test('tells whom a bank has sent back what came of it', async () => {
    const { page, address } = await open();
    const query = 'payment_intent=pi_1&payment_intent_client_secret=a_secret';
    await page.goto(`${address}?${query}&redirect_status=failed`);
    await page.getByRole('alert').filter({ hasText: 'The payment was declined' }).waitFor();
    expect(page.url()).toBe(address);
    await page.goto(`${address}?${query}&redirect_status=succeeded`);
    await page.getByRole('status').filter({ hasText: 'Payment under way' }).waitFor();
    expect(page.url()).toBe(address);
  });

  test('is on no page of an order that is not to be paid, nor is anything of Stripe', async () => {
    const { page, order, script } = await open();
    await order.cancel();
    await page.getByRole('heading', { name: 'Cancelled' }).waitFor();
    script.asked.length = 0;
    const answer = await page.reload();
    expect(answer?.headers()['content-security-policy']).not.toContain('stripe');
    await page.getByRole('heading', { name: 'Cancelled' }).waitFor();
    expect(script.asked).toEqual([]);
    const blocked = page.evaluate(`new Promise((resolve) => {
      document.addEventListener('securitypolicyviolation', (event) => resolve(event.blockedURI));
      const script = document.createElement('script');
      script.src = 'https://js.stripe.com/clover/stripe.js';
      document.head.append(script);
    })`);
    expect(await blocked).toContain('https://js.stripe.com');
  });

  test('is told to need a script where there is none', async () => {
    const { page } = await open({ script: false });
    const hint = page.locator('noscript p').filter({ hasText: 'Paying needs JavaScript here' });
    expect(await hint.isVisible()).toBe(true);
    expect(await page.locator('#pay-stripe').isVisible()).toBe(false);
  });
});
