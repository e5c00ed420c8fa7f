import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { freshDatabaseUrl } from '../../e2e/support/stores.ts';
import { postgresPayments } from './adapters/postgres/payment-store.ts';
import { makePool } from './adapters/postgres/pool.ts';
import { makePayments } from './app/payments.ts';
import { eventually, type Rig } from './testing/checkout-rig.ts';
import { quietMetrics } from './testing/quiet-metrics.ts';
import { makeStripeRig, type StripeRig } from './testing/stripe-rig.ts';
import {
  payIntent,
  type StandInIntent,
  type StripeStandIn,
  stripeEvent,
} from './testing/stripe-server.ts';

let databaseUrl: string;
let shop: StripeRig;
let rig: Rig;
let stripe: StripeStandIn;
beforeAll(async () => {
  databaseUrl = await freshDatabaseUrl(afterAll);
  shop = await makeStripeRig({ databaseUrl });
  ({ rig, stripe } = shop);
});
afterAll(() => shop.close());
beforeEach(() => {
  stripe.fault = null;
});

const byStripe = { card: null, balancerRequest: null };

/** The same payments with little time for each request. */
function quickPayments() {
  const quiet = { info() {}, warn() {}, error() {} };
  const named = { url: databaseUrl, name: 'test-quick', connectionsMax: 1, log: quiet };
  const pool = makePool({ ...named, statementTimeoutMs: 5_000 });
  onTestFinished(() => pool.close());
  return makePayments({
    providers: [shop.provider],
    payments: postgresPayments({ orders: pool, background: pool, withdrawable: ['stripe'] }),
    metrics: quietMetrics(),
    log: quiet,
    outage: { remainSeconds: 60, secondsMax: 600 },
    requestMsMax: 800,
    withdrawMsMax: 300,
    now: Date.now,
    stockChanged() {},
  });
}

describe('an order that is paid by Stripe', () => {
  it('is answered with the client secret, and paid when the signed event comes', async () => {
    const order = await shop.place();
    const answer = await order.payHere();
    expect(answer.status).toBe(202);
    const [intent] = order.intents() as [StandInIntent];
    const { paymentId } = intent.metadata;
    const payment = { id: paymentId, state: 'processing', clientSecret: intent.client_secret };
    expect(answer.body).toEqual({ payment });
    expect((await order.read()).state).toBe('awaiting_payment');
    const text = stripeEvent('payment_intent.succeeded', payIntent(intent));
    expect((await shop.deliver(text)).status).toBe(200);
    expect((await shop.deliver(text)).status).toBe(200);
    expect((await order.read()).state).toBe('paid');
    const ledger = await rig.sql`select action from ledger where order_id = ${order.id}`;
    expect(ledger.filter(({ action }) => action === 'order.paid')).toHaveLength(1);
  });

  it('asked again, has the same payment and the same secret', async () => {
    const order = await shop.place();
    const answers = [await order.payHere(), await order.payHere(), await order.payHere()];
    expect(answers.map(({ status }) => status)).toEqual([202, 202, 202]);
    expect(answers[1]?.body).toEqual(answers[0]?.body);
    expect(answers[2]?.body).toEqual(answers[0]?.body);
    expect(order.intents()).toHaveLength(1);
    const json = { provider: 'sandbox', card: '4242424242424242' };
    const other = await rig.call('POST', `${order.path}/payments`, { key: order.key, json });
    expect(other.status).toBe(503);
  });

  it('a decline says why; the same intent may be paid after it', async () => {
    const order = await shop.place();
    const intent = await order.begin();
    await shop.declined(intent);
    expect(await order.read()).toMatchObject({
      state: 'awaiting_payment',
      failure: 'expired_card',
    });
    await shop.paid(intent);
    expect((await order.read()).state).toBe('paid');
  });

  it('after a decline another payment begins, and the first cannot be paid any more', async () => {
    const order = await shop.place();
    const first = await order.begin();
    await shop.declined(first);
    const second = await order.begin();
    expect(second.id).not.toBe(first.id);
    expect(first.status).toBe('canceled');
    await shop.paid(second);
    expect(await order.states()).toEqual(['failed', 'succeeded']);
  });

  it('one that was declined, then paid, is not paid again by a new attempt', async () => {
    const order = await shop.place();
    const first = await order.begin();
    await shop.declined(first);
    payIntent(first);
    expect((await order.payHere()).status).toBe(409);
    expect((await order.read()).state).toBe('paid');
    expect(order.intents()).toHaveLength(1);
  });

  it('two that were paid all the same: one is given back', async () => {
    const order = await shop.place();
    const first = await order.begin();
    await rig.sql`update payments set state = 'failed' where order_id = ${order.id}`;
    await rig.sql`update payments set reference = null where order_id = ${order.id}`;
    const second = await order.begin();
    await shop.paid(second);
    await shop.paid(first);
    await eventually(async () => (await order.states()).includes('refunded'));
    expect(stripe.refunds.map((refund) => refund.payment_intent)).toContain(first.id);
    expect((await order.read()).state).toBe('paid');
  });

  it('cancelled before it is paid: its intent goes with it', async () => {
    const order = await shop.place();
    const intent = await order.begin();
    const cancel = await order.cancel();
    expect(cancel.status).toBe(200);
    expect(intent.status).toBe('canceled');
    // We ended it ourselves: nobody declined anything.
    expect(cancel.body.order).not.toHaveProperty('failure');
    expect(await order.actions()).toEqual([
      'order.placed',
      'payment.begun',
      'payment.withdrawn',
      'order.cancelled',
    ]);
  });

  it('that ran out: its intent is withdrawn, so that no money comes late', async () => {
    const order = await shop.place();
    const intent = await order.begin();
    await order.runsOut(70);
    await order.reaches('expired');
    await eventually(async () => intent.status === 'canceled');
    expect((await order.read()).state).toBe('expired');
  });

  it('is paid though no event ever comes: Stripe is asked', async () => {
    const order = await shop.place();
    payIntent(await order.begin());
    await order.silent();
    await order.reaches('paid');
  });

  it('is not paid by money that went back before anybody heard that it came', async () => {
    const order = await shop.place();
    const intent = payIntent(await order.begin());
    stripe.refunds.push({ id: 're_before', payment_intent: intent.id, status: 'succeeded' });
    await order.silent();
    await eventually(async () => (await order.states())[0] === 'refunded');
    expect((await order.read()).state).toBe('awaiting_payment');
  });

  it.each(['fails', 'hangs', 'loses the answer'] as const)(
    'where Stripe %s: 503, the order stays, and can be paid afterwards',
    async (fault) => {
      const order = await shop.place();
      stripe.fault = fault;
      const answer = await order.payHere();
      expect([answer.status, answer.body.type]).toEqual([
        503,
        'urn:fairgate:problem:payment-unavailable',
      ]);
      stripe.fault = null;
      await shop.paid(await order.begin());
      expect((await order.read()).state).toBe('paid');
    },
  );
});

describe('a payment that Stripe turns down in the call itself', () => {
  it('declined: 402 says why, and so does the order, which may be paid again', async () => {
    const order = await shop.place();
    stripe.fault = 'declines';
    const answer = await order.payHere();
    expect([answer.status, answer.body.type, answer.body.detail]).toEqual([
      402,
      'urn:fairgate:problem:payment-declined',
      'card_declined',
    ]);
    expect(await order.read()).toMatchObject({
      state: 'awaiting_payment',
      failure: 'card_declined',
    });
    expect(await order.actions()).toEqual(['order.placed', 'payment.begun', 'payment.declined']);
    stripe.fault = null;
    await shop.paid(await order.begin());
    expect((await order.read()).state).toBe('paid');
  });

  it('refused: 400 says that it is about the provider, not about any card', async () => {
    const order = await shop.place();
    stripe.fault = 'refuses';
    const answer = await order.payHere();
    expect(answer.status).toBe(400);
    const message = 'Stripe refuses it: amount_too_small';
    expect(answer.body.errors).toEqual([{ path: 'provider', message }]);
  });
});

describe('a new payment after a declined one that cannot be withdrawn', () => {
  it('begins all the same, within the time of the request', async () => {
    const order = await shop.place();
    const first = await order.begin();
    await shop.declined(first);
    const seen = stripe.requests.length;
    stripe.fault = 'hangs';
    const paying = quickPayments().pay(order.id, 'stripe', byStripe);
    await eventually(async () => stripe.requests.length > seen);
    stripe.fault = null;
    expect((await paying).kind).toBe('begun');
    expect(order.intents()).toHaveLength(2);
    expect(first.status).toBe('requires_payment_method');
  });

  it('is answered in time though Stripe hangs throughout; and so is a cancel', async () => {
    const order = await shop.place();
    await shop.declined(await order.begin());
    const other = await shop.place();
    await other.begin();
    stripe.fault = 'hangs';
    const begunMs = performance.now();
    const outcomes = await Promise.all([
      quickPayments().pay(order.id, 'stripe', byStripe),
      quickPayments().withdrawUnderWay(other.id),
      quickPayments().pay(other.id, 'stripe', byStripe),
    ]);
    // Two calls, each with its retries, would take longer.
    expect(performance.now() - begunMs).toBeLessThan(2_000);
    expect(outcomes).toMatchObject([{ kind: 'unavailable' }, undefined, { kind: 'unavailable' }]);
  });
});

describe('the order page where only Stripe is set up', () => {
  it('asks for no card, loads nothing from elsewhere, and shows it when it is paid', async () => {
    const order = await shop.place();
    const headers = { cookie: `fg_order_${order.id}=${order.key}` };
    const show = () => rig.call('GET', `/checkout/orders/${order.id}`, { headers });
    const page = await show();
    expect(page.body).toContain('Pay €10.00 on the shop’s own page');
    expect(page.body).not.toMatch(/name="card"|Test cards|https?:\/\//);
    const intent = await order.begin();
    expect((await show()).body).toContain('/cancel"');
    await shop.paid(intent);
    expect((await show()).body).toContain('data-state="paid"');
  });
});

describe('the state of the breaker and the calls', () => {
  it('are figures, and shown on readiness', async () => {
    const ready = await rig.call('GET', '/readyz');
    expect(ready.body.breakers).toEqual({ stripe: 'closed' });
    const { body } = await rig.call('GET', '/metrics');
    expect(body).toContain('fairgate_breaker_state{provider="stripe"} 0');
    expect(body).toMatch(
      /fairgate_provider_calls_total\{provider="stripe",operation="create",outcome="answered"\} \d/,
    );
    expect(body).toMatch(/fairgate_provider_call_seconds_count\{provider="stripe",.*\} \d/);
  });
});
