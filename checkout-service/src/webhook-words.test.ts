import { newId } from '@fairgate/shared/ids.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshDatabaseUrl } from '../../e2e/support/stores.ts';
import { type Answer, makeRig, type Rig } from './testing/checkout-rig.ts';
import { hear, placeOrder } from './testing/payment-rig.ts';
import { makeSandbox, type SandboxRig, sandboxEvent } from './testing/sandbox-rig.ts';
import { makeStripeRig, type StripeRig } from './testing/stripe-rig.ts';
import { declineIntent, payIntent, stripeEvent } from './testing/stripe-server.ts';

// What a provider signs is genuine; that does not make it fit for Postgres.
let rig: Rig;
let sandbox: SandboxRig;
let shop: StripeRig;
const errors: object[] = [];
beforeAll(async () => {
  const log = { info() {}, warn() {}, error: (fields: object) => void errors.push(fields) };
  sandbox = await makeSandbox(async () => new Response());
  const databaseUrl = await freshDatabaseUrl(afterAll);
  rig = await makeRig({ databaseUrl, units: [20], providers: [sandbox.provider], log });
  shop = await makeStripeRig({ databaseUrl: await freshDatabaseUrl(afterAll), loops: false, log });
});
afterAll(async () => {
  await Promise.all([rig.close(), shop.close()]);
  await sandbox.close();
});

async function paying() {
  const order = await placeOrder(rig);
  const { body } = await order.pay();
  return { order, paymentId: String(body.payment.id) };
}
const said = `\u0000do_not\u001b[31m_honor\n\uD800${'x'.repeat(5_000)}`;
const kept = `do_not[31m_honor${'x'.repeat(64)}`.slice(0, 64);

describe('an event with words that Postgres would refuse', () => {
  it('of the sandbox is taken, and what is kept of them is short and plain', async () => {
    const { order, paymentId } = await paying();
    expect(await hear(rig, paymentId, { state: 'failed', failure: said })).toBe(200);
    expect((await order.read()).failure).toBe(kept);
    const second = await order.pay();
    const empty = { state: 'failed', failure: '\u0000' };
    expect(await hear(rig, second.body.payment.id, empty)).toBe(200);
    expect((await order.read()).failure).toBe('declined');
  });

  it('of Stripe is taken, and what is kept of them is short and plain', async () => {
    const order = await shop.place();
    const intent = declineIntent(await order.begin(), said);
    const event = stripeEvent('payment_intent.payment_failed', intent);
    expect((await shop.deliver(event)).status).toBe(200);
    expect((await order.read()).failure).toBe(kept);
  });

  it('in its ids or its currency is none that can be read', async () => {
    const { order, paymentId } = await paying();
    const before = await order.ledger();
    for (const wrong of [
      { paymentId: `${paymentId}\u0000` },
      { reference: 'sbx_\u0000' },
      { reference: 'x'.repeat(300) },
      { currency: 'E\u0000R' },
    ]) {
      const whole = {
        paymentId,
        reference: 'sbx_1',
        amountMinor: 1_000,
        currency: 'EUR',
        ...wrong,
      };
      const answer = await rig.call('POST', '/webhooks/sandbox', sandboxEvent(whole));
      expect(answer.status).toBe(400);
    }
    expect(await order.ledger()).toEqual(before);
    const order2 = await shop.place();
    const intent = payIntent(await order2.begin());
    const deliver = async (changes: object) =>
      (await shop.deliver(stripeEvent('payment_intent.succeeded', { ...intent, ...changes })))
        .status;
    expect(await deliver({ id: 'pi_\u0000' })).toBe(400);
    expect(await deliver({ currency: 'e\u0000r' })).toBe(400);
    expect(await deliver({ metadata: { paymentId: 'pay_\u0000' } })).toBe(200);
    expect((await order2.read()).state).toBe('awaiting_payment');
  });
});

describe('an event that names the reference of another payment', () => {
  const nothingChanges = async (
    orders: { ledger(): Promise<unknown> }[],
    act: () => Promise<number>,
  ) => {
    const look = () => Promise.all(orders.map((order) => order.ledger()));
    const before = await look();
    errors.length = 0;
    expect([await act(), await act()]).toEqual([200, 200]);
    expect(await look()).toEqual(before);
  };

  it('of the sandbox changes nothing, is answered, and is in the log as an error', async () => {
    const [one, other] = [await paying(), await paying()];
    const reference = (await one.order.payments())[0]?.reference;
    const { paymentId } = other;
    await nothingChanges([one.order, other.order], () => hear(rig, paymentId, { reference }));
    expect(errors).toEqual([{ paymentId }, { paymentId }]);
    expect(await other.order.payments()).toMatchObject([{ state: 'processing' }]);
    expect(await hear(rig, paymentId, {})).toBe(200);
    expect((await other.order.read()).state).toBe('paid');
  });

  it('of Stripe changes nothing, is answered, and is in the log as an error', async () => {
    const [one, other] = [await shop.place(), await shop.place()];
    const intent = await one.begin();
    const { metadata } = await other.begin();
    // Of a payment without an answer, so that the event's reference would be its own.
    await shop.rig.sql`update payments set reference = null where id = ${metadata.paymentId ?? ''}`;
    const event = { ...payIntent(intent), metadata };
    const send = async (): Promise<Answer> =>
      await shop.deliver(stripeEvent('payment_intent.succeeded', event));
    await nothingChanges([one, other], async () => (await send()).status);
    expect(errors).toEqual([{ paymentId: metadata.paymentId }, { paymentId: metadata.paymentId }]);
  });
});

it('an event about no payment of ours is answered, so that it does not come again', async () => {
  const payment = { paymentId: newId('pay'), reference: 'sbx_x', amountMinor: 1, currency: 'EUR' };
  const event = sandboxEvent({ ...payment, state: 'succeeded' });
  expect((await rig.call('POST', '/webhooks/sandbox', event)).status).toBe(200);
});
