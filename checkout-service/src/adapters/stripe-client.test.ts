import { inspect } from 'node:util';
import Stripe from 'stripe';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { StoredPayment } from '../domain/payment-rules.ts';
import {
  declineIntent,
  makeStripe,
  payIntent,
  type StandInIntent,
  type StripeStandIn,
  stripeEvent,
  stripeKey,
  stripeWebhookSecret,
} from '../testing/stripe-server.ts';
import { policyFigures } from './provider-policy.ts';
import { stripeClient } from './stripe-client.ts';

let stripe: StripeStandIn;
let client: ReturnType<typeof make>;
const figures = { ...policyFigures, callTimeoutMs: 200, totalMs: 1_500, backoffMs: 5 };
const make = (secretKey = stripeKey) =>
  stripeClient({
    secretKey,
    webhookSecret: stripeWebhookSecret,
    toleranceSeconds: 300,
    apiUrl: stripe.url,
    figures,
  });
beforeAll(async () => {
  stripe = await makeStripe();
});
afterAll(() => stripe.close());
beforeEach(() => {
  stripe.fault = null;
  stripe.requests.length = 0;
  stripe.intents.clear();
  stripe.refunds.length = 0;
  stripe.refundsAre = 'succeeded';
  client = make();
});

let count = 0;
function newPayment(currency = 'EUR', amountMinor = 4_500): StoredPayment {
  count += 1;
  const ids = { id: `pay_${count}`, orderId: `ord_${count}`, saleId: 'sale_1' };
  const rest = { provider: 'stripe', reference: null, state: 'processing', failure: null } as const;
  return { ...ids, ...rest, amountMinor, currency, refundAttempt: 0 };
}
const create = (payment: StoredPayment) =>
  client.create({ ...payment, paymentId: payment.id, card: null });
async function accepted(payment = newPayment()) {
  const reply = await create(payment);
  if (reply.kind !== 'accepted') throw new Error(`not accepted: ${inspect(reply)}`);
  const intent = stripe.intents.get(reply.reference) as StandInIntent;
  return { intent, payment: { ...payment, reference: reply.reference }, reply };
}

describe('a payment by Stripe', () => {
  it('is an intent with our ids and our key, and its secret for the shop’s front end', async () => {
    const { intent, payment, reply } = await accepted();
    expect(reply).toEqual({
      kind: 'accepted',
      reference: intent.id,
      clientSecret: intent.client_secret,
    });
    expect(intent).toMatchObject({ amount: 4_500, currency: 'eur' });
    const { id: paymentId, orderId, saleId } = payment;
    expect(intent.metadata).toEqual({ paymentId, orderId, saleId });
    expect(stripe.requests[0]?.key).toBe(paymentId);
  });

  it.each([
    ['JPY', 4_500, 4_500],
    ['KWD', 4_500, 4_500],
    ['ISK', 4_500, 450_000],
    ['UGX', 4_500, 450_000],
  ])('in %s of %i minor units is %i at Stripe, and comes back as it was', async (...row) => {
    const [currency, amountMinor, amount] = row;
    const { intent, payment } = await accepted(newPayment(currency, amountMinor));
    expect(intent.amount).toBe(amount);
    payIntent(intent);
    const news = { kind: 'succeeded', reference: intent.id, amountMinor, currency };
    expect(await client.look(payment)).toEqual({ kind: 'news', news });
  });

  it('is one intent, however often it is asked for', async () => {
    const payment = newPayment();
    stripe.fault = 'loses the answer';
    expect((await create(payment)).kind).toBe('unavailable');
    expect(stripe.requests).toHaveLength(1 + figures.retriesMax);
    stripe.fault = null;
    const { reply } = await accepted(payment);
    expect(stripe.intents.size).toBe(1);
    expect(await client.resume?.(payment)).toEqual(reply);
    expect(await client.resume?.({ ...payment, reference: reply.reference })).toEqual(reply);
    expect(stripe.intents.size).toBe(1);
  });

  it.each(['fails', 'throttles', 'hangs', 'resets'] as const)(
    'is unavailable where Stripe %s, after bounded retries',
    async (fault) => {
      stripe.fault = fault;
      expect((await create(newPayment())).kind).toBe('unavailable');
      expect(stripe.requests).toHaveLength(1 + figures.retriesMax);
    },
  );

  it('is asked for once where Stripe refuses, and the key is in no error', async () => {
    const refusals = [await create(newPayment('EUR', 1))];
    expect(stripe.requests).toHaveLength(1);
    const wrong = 'sk_test_another_key_0123456789';
    client = make(wrong);
    refusals.push(await create(newPayment()));
    stripe.fault = 'fails';
    refusals.push(await create(newPayment()));
    expect(refusals.map(({ kind }) => kind)).toEqual(['invalid', 'unavailable', 'unavailable']);
    expect(inspect(refusals, { depth: 9 })).not.toMatch(/sk_test|Bearer/);
    expect(inspect(refusals)).toContain('401 invalid_api_key');
  });

  it('that is declined in the call itself says why, as a shopper may know it', async () => {
    stripe.fault = 'declines';
    expect(await create(newPayment())).toEqual({ kind: 'declined', failure: 'card_declined' });
    expect(stripe.requests).toHaveLength(1);
    const payment = newPayment();
    expect(await client.look(payment)).toMatchObject({ news: { failure: 'card_declined' } });
    expect(await client.withdraw?.(payment)).toEqual({ kind: 'none' });
  });

  it('in a currency that means another amount there is not begun', async () => {
    expect(await create(newPayment('MGA'))).toMatchObject({ kind: 'invalid', path: 'provider' });
    expect(stripe.requests).toHaveLength(0);
  });
});

describe('asking about a payment', () => {
  it('tells what became of it', async () => {
    const { intent, payment } = await accepted();
    expect(await client.look(payment)).toEqual({ kind: 'processing' });
    declineIntent(intent, 'insufficient_funds');
    const failed = { kind: 'failed', reference: intent.id, failure: 'insufficient_funds' };
    expect(await client.look(payment)).toEqual({ kind: 'news', news: failed });
    declineIntent(intent, 'stolen_card');
    expect(await client.look(payment)).toMatchObject({ news: { failure: 'card_declined' } });
  });

  it('finds one whose answer was lost, and ends it, since nobody has its secret', async () => {
    const payment = newPayment();
    stripe.fault = 'loses the answer';
    await create(payment);
    stripe.fault = null;
    expect(await client.look(payment)).toMatchObject({ news: { kind: 'withdrawn' } });
    expect([...stripe.intents.values()].map(({ status }) => status)).toEqual(['canceled']);
  });

  it('takes money that went back since for refunded, not for paid', async () => {
    const { intent, payment } = await accepted();
    payIntent(intent);
    stripe.refunds.push({ id: 're_1', payment_intent: intent.id, status: 'succeeded' });
    expect(await client.look(payment)).toEqual({ kind: 'news', news: { kind: 'refunded' } });
  });

  it('knows money that came though no answer did', async () => {
    const { intent, payment } = await accepted();
    payIntent(intent);
    const found = await client.look({ ...payment, reference: null });
    expect(found).toMatchObject({ news: { kind: 'succeeded', reference: intent.id } });
  });
});

describe('withdrawing a payment', () => {
  it('ends it; one that was paid says so instead', async () => {
    const { intent, payment } = await accepted();
    const withdraw = () => client.withdraw?.(payment);
    expect(await withdraw()).toMatchObject({ news: { kind: 'withdrawn' } });
    expect(intent.status).toBe('canceled');
    expect(await withdraw()).toMatchObject({ news: { kind: 'withdrawn' } });
    const other = await accepted();
    payIntent(other.intent);
    expect(await client.withdraw?.(other.payment)).toMatchObject({ news: { kind: 'succeeded' } });
  });
});

describe('giving money back', () => {
  it('is done once, whether its answer comes or not', async () => {
    const { intent, payment } = await accepted();
    expect((await client.refund(payment)).kind).toBe('refused');
    payIntent(intent);
    const paid = { ...payment, id: `${payment.id}b` };
    stripe.fault = 'loses the answer';
    expect((await client.refund(paid)).kind).toBe('unavailable');
    stripe.fault = null;
    expect(await client.refund(paid)).toEqual({ kind: 'refunded' });
    expect(stripe.requests.at(-1)?.key).toBe(`refund:${paid.id}:0`);
    expect(await client.refund({ ...paid, id: 'pay_other' })).toEqual({ kind: 'refunded' });
    expect(stripe.refunds).toHaveLength(1);
  });

  it('is done when Stripe has taken it on, and not where it failed', async () => {
    for (const [status, kind] of [
      ['pending', 'refunded'],
      ['failed', 'refused'],
    ] as const) {
      const { intent, payment } = await accepted();
      payIntent(intent);
      stripe.refundsAre = status;
      expect((await client.refund(payment)).kind).toBe(kind);
    }
  });

  it.each(['refused', 'broken'] as const)(
    'that was %s is so again under that key, not under another',
    async (how) => {
      const { intent, payment } = await accepted();
      payIntent(intent);
      stripe.refundsAre = how;
      await client.refund(payment);
      stripe.refundsAre = 'succeeded';
      expect((await client.refund(payment)).kind).toBe('refused');
      expect(await client.refund({ ...payment, refundAttempt: 1 })).toEqual({ kind: 'refunded' });
    },
  );
});

describe('events', () => {
  const nowMs = 1_800_000_000_000;
  const sign = (payload: string, secret = stripeWebhookSecret, timestamp = nowMs / 1_000) =>
    Stripe.webhooks.generateTestHeaderString({ payload, secret, timestamp });
  const parse = async (body: string, signature: string | undefined = sign(body)) =>
    await client.parseWebhook(
      body,
      (name) => (name === 'stripe-signature' ? signature : undefined),
      nowMs,
    );
  const take = async (type: string, object: object) => await parse(stripeEvent(type, object));

  it('are news of our payment', async () => {
    const { intent, payment } = await accepted();
    const { id: paymentId } = payment;
    const declined = await take(
      'payment_intent.payment_failed',
      declineIntent(intent, 'expired_card'),
    );
    expect(declined).toMatchObject({
      paymentId,
      news: { kind: 'failed', failure: 'expired_card' },
    });
    const paid = await take('payment_intent.succeeded', payIntent(intent));
    expect(paid).toMatchObject({ paymentId, news: { kind: 'succeeded', amountMinor: 4_500 } });
    const gone = await take('payment_intent.canceled', { ...intent, status: 'canceled' });
    expect(gone).toMatchObject({ paymentId, news: { kind: 'withdrawn' } });
    const charge = { metadata: intent.metadata, refunded: true };
    const refunded = await take('charge.refunded', charge);
    expect(refunded).toMatchObject({ paymentId, news: { kind: 'refunded' } });
    for (const status of ['failed', 'canceled']) {
      const refund = { id: 're_1', status, metadata: { paymentId, attempt: '2' } };
      const failed = await take('refund.updated', refund);
      expect(failed).toMatchObject({ paymentId, news: { kind: 'refund-failed', attempt: 2 } });
    }
  });

  it('that we do not act on are none: other types, other shops’ intents, parts of the money', async () => {
    const { intent } = await accepted();
    const foreign = { ...payIntent(intent), metadata: {} };
    const part = { metadata: intent.metadata, refunded: false };
    expect(await take('payment_intent.processing', intent)).toEqual({ kind: 'other' });
    expect(await take('customer.created', { id: 'cus_1' })).toEqual({ kind: 'other' });
    expect(await take('payment_intent.succeeded', foreign)).toEqual({ kind: 'other' });
    expect(await take('charge.refunded', part)).toEqual({ kind: 'other' });
    const ours = { paymentId: 'pay_1', attempt: '0' };
    const refunds = [
      { status: 'succeeded', metadata: ours },
      { status: 'failed', metadata: {} },
      { status: 'failed', metadata: null },
      { status: 'failed', metadata: { paymentId: 'pay_1' } },
    ];
    for (const refund of refunds) {
      expect(await take('refund.failed', refund)).toEqual({ kind: 'other' });
    }
  });

  it('that are not genuine are refused, and say why for the log', async () => {
    const body = stripeEvent('customer.created', {});
    const forged = (why: string) => ({ kind: 'forged', why });
    const old = sign(body, stripeWebhookSecret, nowMs / 1_000 - 301);
    const header = () => client.parseWebhook(body, () => undefined, nowMs);
    expect(await header()).toEqual(forged('missing'));
    expect(await parse(body, 'v1=1')).toEqual(forged('form'));
    expect(await parse(body, old)).toEqual(forged('old'));
    expect(await parse(body, sign(body, 'whsec_another_secret'))).toEqual(forged('signature'));
    expect(await parse(`${body} `, sign(body))).toEqual(forged('signature'));
    expect(await parse('{', sign('{'))).toEqual({ kind: 'unreadable' });
    expect(await parse('{}', sign('{}'))).toEqual({ kind: 'unreadable' });
    expect(await take('payment_intent.succeeded', { id: 1 })).toEqual({ kind: 'unreadable' });
  });
});
