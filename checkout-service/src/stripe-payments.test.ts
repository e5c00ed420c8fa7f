import Stripe from 'stripe';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { freshDatabaseUrl } from '../../e2e/support/stores.ts';
import { policyFigures } from './adapters/provider-policy.ts';
import { stripeClient } from './adapters/stripe-client.ts';
import { eventually, makeRig, type Rig } from './testing/checkout-rig.ts';
import {
  declineIntent,
  makeStripe,
  payIntent,
  type StandInIntent,
  type StripeStandIn,
  stripeWebhookSecret as secret,
  stripeEvent,
  stripeKey,
} from './testing/stripe-server.ts';

let rig: Rig;
let stripe: StripeStandIn;
beforeAll(async () => {
  stripe = await makeStripe();
  const provider = stripeClient({
    secretKey: stripeKey,
    webhookSecret: secret,
    toleranceSeconds: 300,
    apiUrl: stripe.url,
    figures: { ...policyFigures, callTimeoutMs: 500, totalMs: 2_000, backoffMs: 5 },
  });
  const databaseUrl = await freshDatabaseUrl(afterAll);
  rig = await makeRig({ databaseUrl, units: [100], providers: [provider], loops: true });
});
afterAll(async () => {
  await rig.close();
  await stripe.close();
});
beforeEach(() => {
  stripe.fault = null;
});

async function place() {
  const { body } = await rig.redeem(await rig.token());
  const { order, orderKey: key } = body;
  const path = `/v1/orders/${order.id}`;
  const pay = () => rig.call('POST', `${path}/payments`, { key, json: { provider: 'stripe' } });
  const read = async () => (await rig.call('GET', path, { key })).body.order;
  return {
    id: order.id as string,
    path,
    key: key as string,
    pay,
    read,
    reaches: (state: string) => eventually(async () => (await read()).state === state),
    intents: () => [...stripe.intents.values()].filter((i) => i.metadata.orderId === order.id),
    async begin(): Promise<StandInIntent> {
      expect((await pay()).status).toBe(202);
      const intents = [...stripe.intents.values()];
      return intents.findLast((i) => i.metadata.orderId === order.id) as StandInIntent;
    },
  };
}

/** As Stripe would: signed, over HTTP. */
async function deliver(text: string) {
  const signature = Stripe.webhooks.generateTestHeaderString({ payload: text, secret });
  const headers = { 'stripe-signature': signature, 'content-type': 'application/json' };
  return await rig.call('POST', '/webhooks/stripe', { text, headers });
}
const paid = (intent: StandInIntent) =>
  deliver(stripeEvent('payment_intent.succeeded', payIntent(intent)));
const statesOf = async (orderId: string) =>
  (await rig.sql`select state from payments where order_id = ${orderId} order by id`).map(
    (row) => row.state,
  );

const actionsOf = async (orderId: string) =>
  (await rig.sql`select action from ledger where order_id = ${orderId} order by id`).map(
    (row) => row.action,
  );

describe('an order that is paid by Stripe', () => {
  it('is answered with the client secret, and paid when the signed event comes', async () => {
    const order = await place();
    const answer = await order.pay();
    expect(answer.status).toBe(202);
    const [intent] = order.intents() as [StandInIntent];
    const { paymentId } = intent.metadata;
    const payment = { id: paymentId, state: 'processing', clientSecret: intent.client_secret };
    expect(answer.body).toEqual({ payment });
    expect((await order.read()).state).toBe('awaiting_payment');
    const text = stripeEvent('payment_intent.succeeded', payIntent(intent));
    expect((await deliver(text)).status).toBe(200);
    expect((await deliver(text)).status).toBe(200);
    expect((await order.read()).state).toBe('paid');
    const ledger = await rig.sql`select action from ledger where order_id = ${order.id}`;
    expect(ledger.filter(({ action }) => action === 'order.paid')).toHaveLength(1);
  });

  it('asked again, has the same payment and the same secret', async () => {
    const order = await place();
    const answers = [await order.pay(), await order.pay(), await order.pay()];
    expect(answers.map(({ status }) => status)).toEqual([202, 202, 202]);
    expect(answers[1]?.body).toEqual(answers[0]?.body);
    expect(answers[2]?.body).toEqual(answers[0]?.body);
    expect(order.intents()).toHaveLength(1);
    const json = { provider: 'sandbox', card: '4242424242424242' };
    const other = await rig.call('POST', `${order.path}/payments`, { key: order.key, json });
    expect(other.status).toBe(503);
  });

  it('a decline says why; the same intent may be paid after it', async () => {
    const order = await place();
    const intent = await order.begin();
    const event = stripeEvent(
      'payment_intent.payment_failed',
      declineIntent(intent, 'expired_card'),
    );
    await deliver(event);
    expect(await order.read()).toMatchObject({
      state: 'awaiting_payment',
      failure: 'expired_card',
    });
    await paid(intent);
    expect((await order.read()).state).toBe('paid');
  });

  it('after a decline another payment begins, and the first cannot be paid any more', async () => {
    const order = await place();
    const first = await order.begin();
    await deliver(
      stripeEvent('payment_intent.payment_failed', declineIntent(first, 'expired_card')),
    );
    const second = await order.begin();
    expect(second.id).not.toBe(first.id);
    expect(first.status).toBe('canceled');
    await paid(second);
    expect(await statesOf(order.id)).toEqual(['failed', 'succeeded']);
  });

  it('one that was declined, then paid, is not paid again by a new attempt', async () => {
    const order = await place();
    const first = await order.begin();
    await deliver(
      stripeEvent('payment_intent.payment_failed', declineIntent(first, 'expired_card')),
    );
    payIntent(first);
    expect((await order.pay()).status).toBe(409);
    expect((await order.read()).state).toBe('paid');
    expect(order.intents()).toHaveLength(1);
  });

  it('two that were paid all the same: one is given back', async () => {
    const order = await place();
    const first = await order.begin();
    await rig.sql`update payments set state = 'failed' where order_id = ${order.id}`;
    await rig.sql`update payments set reference = null where order_id = ${order.id}`;
    const second = await order.begin();
    await paid(second);
    await paid(first);
    await eventually(async () => (await statesOf(order.id)).includes('refunded'));
    expect(stripe.refunds.map((refund) => refund.payment_intent)).toContain(first.id);
    expect((await order.read()).state).toBe('paid');
  });

  it('cancelled before it is paid: its intent goes with it', async () => {
    const order = await place();
    const intent = await order.begin();
    const cancel = await rig.call('POST', `${order.path}/cancel`, { key: order.key });
    expect(cancel.status).toBe(200);
    expect(intent.status).toBe('canceled');
    // We ended it ourselves: nobody declined anything.
    expect(cancel.body.order).not.toHaveProperty('failure');
    expect(await actionsOf(order.id)).toEqual([
      'order.placed',
      'payment.begun',
      'payment.withdrawn',
      'order.cancelled',
    ]);
  });

  it('that ran out: its intent is withdrawn, so that no money comes late', async () => {
    const order = await place();
    const intent = await order.begin();
    await rig.sql`
      update orders set pay_before = now() - interval '70 s' where id = ${order.id}`;
    await order.reaches('expired');
    await rig.sql`
      update payments set updated_at = now() - interval '20 s' where order_id = ${order.id}`;
    await eventually(async () => intent.status === 'canceled');
    expect((await order.read()).state).toBe('expired');
  });

  it('is paid though no event ever comes: Stripe is asked', async () => {
    const order = await place();
    payIntent(await order.begin());
    await rig.sql`
      update payments set updated_at = now() - interval '20 s' where order_id = ${order.id}`;
    await order.reaches('paid');
  });

  it('is not paid by money that went back before anybody heard that it came', async () => {
    const order = await place();
    const intent = payIntent(await order.begin());
    stripe.refunds.push({ id: 're_before', payment_intent: intent.id, status: 'succeeded' });
    await rig.sql`
      update payments set updated_at = now() - interval '20 s' where order_id = ${order.id}`;
    await eventually(async () => (await statesOf(order.id))[0] === 'refunded');
    expect((await order.read()).state).toBe('awaiting_payment');
  });

  it.each(['fails', 'hangs', 'loses the answer'] as const)(
    'where Stripe %s: 503, the order stays, and can be paid afterwards',
    async (fault) => {
      const order = await place();
      stripe.fault = fault;
      const answer = await order.pay();
      expect([answer.status, answer.body.type]).toEqual([
        503,
        'urn:fairgate:problem:payment-unavailable',
      ]);
      stripe.fault = null;
      await paid(await order.begin());
      expect((await order.read()).state).toBe('paid');
    },
  );
});

describe('the order page where only Stripe is set up', () => {
  it('asks for no card, loads nothing from elsewhere, and shows it when it is paid', async () => {
    const order = await place();
    const headers = { cookie: `fg_order_${order.id}=${order.key}` };
    const show = () => rig.call('GET', `/checkout/orders/${order.id}`, { headers });
    const page = await show();
    expect(page.body).toContain('Pay €10.00 on the shop’s own page');
    expect(page.body).not.toMatch(/name="card"|Test cards|https?:\/\//);
    const intent = await order.begin();
    expect((await show()).body).toContain('/cancel"');
    await paid(intent);
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
