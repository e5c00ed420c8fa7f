import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { freshDatabaseUrl } from '../../e2e/support/stores.ts';
import { policyFigures } from './adapters/provider-policy.ts';
import { eventually } from './testing/checkout-rig.ts';
import { makeStripeRig, type StripeOrder, type StripeRig } from './testing/stripe-rig.ts';
import { payIntent, stripeEvent } from './testing/stripe-server.ts';

let shop: StripeRig;
/** What was logged as an error. */
const errors: { fields: object; text: string }[] = [];
beforeAll(async () => {
  const log = {
    info() {},
    warn() {},
    error: (fields: object, text: string) => void errors.push({ fields, text }),
  };
  shop = await makeStripeRig({ databaseUrl: await freshDatabaseUrl(afterAll), log });
});
afterAll(() => shop.close());
beforeEach(() => {
  shop.stripe.fault = null;
  shop.stripe.refundsAre = 'succeeded';
});

/** The statuses of the order's intents, in the order of their making. */
const statuses = (order: StripeOrder) => order.intents().map(({ status }) => status);
const allSettled = async (order: StripeOrder, states: string[]) =>
  await eventually(async () => (await order.states()).join() === states.join());

describe('a declined payment, which stays payable at Stripe, is withdrawn', () => {
  it('when its order is cancelled', async () => {
    const order = await shop.place();
    await shop.declined(await order.begin());
    expect((await order.cancel()).status).toBe(200);
    await eventually(async () => statuses(order).join() === 'canceled');
    await allSettled(order, ['failed']);
    expect(await order.actions()).toEqual([
      'order.placed',
      'payment.begun',
      'payment.declined',
      'order.cancelled',
      'payment.withdrawn',
    ]);
  });

  it('when its order has expired', async () => {
    const order = await shop.place();
    await shop.declined(await order.begin());
    await order.runsOut();
    await order.reaches('expired');
    await eventually(async () => statuses(order).join() === 'canceled');
  });

  it('when its order is paid by another payment, though Stripe was away when that began', async () => {
    const order = await shop.place();
    const first = await order.begin();
    await shop.declined(first);
    // As where Stripe answered nothing to the withdrawal, and all to the new payment.
    await shop.rig.sql`update payments set reference = null where order_id = ${order.id}`;
    const second = await order.begin();
    await shop.rig.sql`update payments set reference = ${first.id}
      where order_id = ${order.id} and reference is null`;
    expect(statuses(order)).toEqual(['requires_payment_method', 'requires_payment_method']);
    await shop.paid(second);
    await eventually(async () => statuses(order).join() === 'canceled,succeeded');
    await allSettled(order, ['failed', 'succeeded']);
  });

  it('with all the others before it, when another payment begins', async () => {
    const order = await shop.place();
    await shop.declined(await order.begin());
    shop.stripe.fault = 'loses the answer';
    expect((await order.payHere()).status).toBe(503);
    shop.stripe.fault = null;
    const third = await order.begin();
    // The second, of which nobody has the secret, is ended when it is next asked about.
    expect(statuses(order)[0]).toBe('canceled');
    await shop.paid(third);
    await order.silent();
    await eventually(async () => statuses(order).join() === 'canceled,canceled,succeeded');
    await allSettled(order, ['failed', 'failed', 'succeeded']);
    expect((await order.read()).state).toBe('paid');
  });

  it('and if it is paid all the same before that, the money goes back', async () => {
    const order = await shop.place();
    const intent = await order.begin();
    await shop.declined(intent);
    shop.stripe.fault = 'hangs';
    expect((await order.cancel()).status).toBe(200);
    expect(await order.states()).toEqual(['withdrawing']);
    payIntent(intent);
    shop.stripe.fault = null;
    await allSettled(order, ['refunded']);
    expect((await order.read()).state).toBe('cancelled');
  });

  it('by a job, which is written with the end of the order', async () => {
    const still = await makeStripeRig({ databaseUrl: await freshDatabaseUrl(), loops: false });
    onTestFinished(() => still.close());
    const order = await still.place();
    await still.declined(await order.begin());
    await order.cancel();
    const [payment] = await order.payments();
    expect(await order.told('payment')).toEqual([{ kind: 'withdraw', paymentId: payment?.id }]);
  });

  it('once: what was withdrawn is not asked about again', async () => {
    const order = await shop.place();
    await shop.declined(await order.begin());
    await order.begin();
    const [id] = order.intents().map((intent) => intent.id);
    const asked = () => shop.stripe.requests.filter(({ path }) => path.includes(String(id))).length;
    const before = asked();
    expect((await order.cancel()).status).toBe(200);
    await eventually(async () => statuses(order).join() === 'canceled,canceled');
    expect(asked()).toBe(before);
  });
});

async function refunding(order: StripeOrder) {
  await shop.paid(await order.begin());
  expect((await order.refund()).status).toBe(200);
}
const refundsOf = (order: StripeOrder) =>
  shop.stripe.requests.filter(
    ({ path, body }) => path === '/v1/refunds' && body.includes(order.intents()[0]?.id ?? '-'),
  );
const keysOf = (order: StripeOrder) => [...new Set(refundsOf(order).map(({ key }) => key))];

describe('money that Stripe does not give back', () => {
  it.each(['refused', 'failed', 'broken'] as const)(
    '%s for good is asked for again under another key',
    async (how) => {
      const order = await shop.place();
      shop.stripe.refundsAre = how;
      await refunding(order);
      await eventually(async () => (await order.payments())[0]?.refund_attempt === 1);
      shop.stripe.refundsAre = 'succeeded';
      await allSettled(order, ['refunded']);
      const [payment] = await order.payments();
      expect(keysOf(order).slice(0, 2)).toEqual([
        `refund:${payment?.id}:0`,
        `refund:${payment?.id}:1`,
      ]);
      expect(await order.actions()).toContain('payment.refund-failed');
      const text = 'a refund failed at its provider; it is asked for anew';
      expect(errors).toContainEqual({ fields: { paymentId: payment?.id }, text });
    },
  );

  it('of which no answer came is asked for under the same key', async () => {
    const order = await shop.place();
    await shop.paid(await order.begin());
    shop.stripe.fault = 'loses the answer';
    expect((await order.refund()).status).toBe(200);
    // The call and its retries.
    await eventually(async () => refundsOf(order).length === 1 + policyFigures.retriesMax);
    shop.stripe.fault = null;
    await allSettled(order, ['refunded']);
    expect(keysOf(order)).toHaveLength(1);
    expect(await order.payments()).toMatchObject([{ refund_attempt: 0 }]);
  });

  it('though it had taken that on is asked for anew, once for all events about it', async () => {
    const order = await shop.place();
    shop.stripe.refundsAre = 'pending';
    await refunding(order);
    await allSettled(order, ['refunded']);
    const [before] = await order.payments();
    const metadata = { paymentId: before?.id, attempt: '0' };
    for (const refund of shop.stripe.refunds) refund.status = 'failed';
    shop.stripe.refundsAre = 'succeeded';
    const failed = { id: 're_1', object: 'refund', status: 'failed', metadata };
    for (const type of ['refund.failed', 'refund.updated', 'charge.refund.updated']) {
      expect((await shop.deliver(stripeEvent(type, failed))).status).toBe(200);
    }
    // Late word of the refund that failed; only the answer to the next one counts.
    const charge = { metadata: order.intents()[0]?.metadata, refunded: true };
    expect((await shop.deliver(stripeEvent('charge.refunded', charge))).status).toBe(200);
    expect(await order.payments()).toMatchObject([{ state: 'refunding', refund_attempt: 1 }]);
    await allSettled(order, ['refunded']);
    expect(keysOf(order)).toHaveLength(2);
    const failures = (await order.actions()).filter((it) => it === 'payment.refund-failed');
    expect(failures).toHaveLength(1);
    expect((await order.told('job')).filter((job) => job.notice === 'order-refunded')).toHaveLength(
      1,
    );
  });
});
