import { newId } from '@fairgate/shared/ids.ts';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { freshDatabaseUrl, freshRedisUrl } from '../../e2e/support/stores.ts';
import { policyFigures } from './adapters/provider-policy.ts';
import { outageFailure } from './domain/payment-rules.ts';
import { type LateRig, type LateSale, makeLateRig } from './testing/late-rig.ts';
import { cards, hear, type PlacedOrder, placeOrder } from './testing/payment-rig.ts';

let lates: LateRig;
let sale: LateSale;
beforeAll(async () => {
  // With no breaker: each test here has an outage of its own.
  const quick = { ...policyFigures, callTimeoutMs: 1_000, totalMs: 1_000, faultsMin: 1_000 };
  const redisUrl = await freshRedisUrl(afterAll);
  lates = await makeLateRig(await freshDatabaseUrl(afterAll), redisUrl, quick);
  sale = await lates.saleOf(50, 50);
});
afterAll(() => lates.close());
afterEach(() => lates.sandbox.misbehave());

/** The provider took a payment; from here on it answers nobody, and its webhooks are lost. */
async function takenThenAway(): Promise<{ order: PlacedOrder; paymentId: string }> {
  const order = await placeOrder(sale.rig);
  const { status, body } = await order.pay(cards.slow);
  expect(status).toBe(202);
  lates.sandbox.misbehave({ hang: true });
  return { order, paymentId: body.payment.id };
}
const look = (paymentId: string) => lates.here.work({ kind: 'look', paymentId });
const versionOf = async ({ id }: PlacedOrder) =>
  Number((await sale.rig.sql`select version from orders where id = ${id}`)[0]?.version);

describe('a provider that dies after it took a payment', () => {
  it('keeps the hold: a minute is left, the order says why, and the payment goes on', async () => {
    const { order, paymentId } = await takenThenAway();
    await order.runsOut(-20);
    expect((await look(paymentId)).kind).toBe('again');
    const kept = await order.read();
    expect(kept).toMatchObject({ state: 'awaiting_payment', failure: outageFailure });
    expect(kept.outageSeconds).toBeGreaterThanOrEqual(39);
    expect(await order.payments()).toMatchObject([{ id: paymentId, state: 'processing' }]);
    expect((await order.ledger()).slice(-2)).toMatchObject([
      { action: 'order.extended', detail: { why: 'outage', seconds: kept.outageSeconds } },
      { action: 'payment.unanswered', detail: { paymentId } },
    ]);
    expect((await order.told('room')).at(-1)).toMatchObject({
      kind: 'extended',
      payBefore: Date.parse(kept.payBefore),
    });
    const page = await order.page();
    expect(page).toContain('Payment under way');
    expect(page).toContain('The payment provider is away');
    expect(page).toContain('We go on asking about your payment.');
  });

  it('is told once while there is time enough, and puts the hold off ten minutes in all', async () => {
    const { order, paymentId } = await takenThenAway();
    await look(paymentId);
    const [told, version] = [await order.actions(), await versionOf(order)];
    await look(paymentId);
    expect([await order.actions(), await versionOf(order)]).toEqual([told, version]);
    await order.runsOut(-5);
    await sale.rig.sql`update orders set outage_seconds = 595 where id = ${order.id}`;
    for (let i = 0; i < 2; i += 1) {
      await look(paymentId);
      expect((await order.read()).outageSeconds).toBe(600);
    }
    const last = (await order.ledger()).at(-1);
    expect(last).toMatchObject({ action: 'order.extended', detail: { seconds: 5 } });
  });

  it('keeps it a minute past the deadline at most where there is no more to be put off', async () => {
    const { order, paymentId } = await takenThenAway();
    await sale.rig.sql`update orders set outage_seconds = 600 where id = ${order.id}`;
    await order.runsOut(58);
    await look(paymentId);
    expect(await lates.orders.sweep(100, [])).toEqual({ kind: 'ended', ended: [] });
    await order.runsOut(61);
    const swept = await lates.orders.sweep(100, []);
    expect(swept).toMatchObject({ kind: 'ended', ended: [{ orderId: order.id }] });
    const actions = await order.actions();
    await look(paymentId);
    expect(await order.actions()).toEqual(actions);
    expect(await order.payments()).toMatchObject([{ state: 'processing' }]);
  });
});

describe('a provider that never had the payment', () => {
  it('the order says so, once that is known, and may be paid again', async () => {
    const order = await placeOrder(sale.rig);
    const paymentId = newId('pay');
    const wanted = { orderId: order.id, provider: 'sandbox', paymentId, balancerRequest: null };
    await lates.payments.begin(wanted);
    const version = await versionOf(order);
    expect((await look(paymentId)).kind).toBe('done');
    expect(await order.payments()).toMatchObject([{ state: 'failed' }]);
    expect((await order.ledger()).at(-1)).toMatchObject({
      action: 'payment.abandoned',
      detail: { paymentId, failure: 'never reached the provider' },
    });
    expect(await order.read()).toMatchObject({ failure: outageFailure });
    expect(await versionOf(order)).toBe(version + 1);
    expect((await order.pay()).status).toBe(202);
  });

  it('and refused it in the call: the answer says so, and the ledger', async () => {
    const order = await placeOrder(sale.rig);
    expect((await order.pay('5555555555554444')).status).toBe(400);
    expect(await order.read()).not.toHaveProperty('failure');
    expect((await order.ledger()).at(-1)).toMatchObject({
      action: 'payment.abandoned',
      detail: { failure: 'invalid' },
    });
  });
});

describe('a provider that gave no answer to a payment', () => {
  it('is in the ledger and asked by a job, though the hold needs no more time', async () => {
    const order = await placeOrder(sale.rig);
    lates.sandbox.misbehave({ failureRate: 1 });
    expect((await order.pay()).status).toBe(503);
    expect(await order.actions()).toEqual(['order.placed', 'payment.begun', 'payment.unanswered']);
    const [payment] = await order.payments();
    expect(await order.told('payment')).toEqual([{ kind: 'look', paymentId: payment?.id }]);
  });
});

describe('what went wrong with a payment', () => {
  it('is forgotten when the next one begins, on the page and in the order', async () => {
    const order = await placeOrder(sale.rig);
    const { body } = await order.pay();
    const { id } = body.payment;
    expect(await hear(sale.rig, id, { state: 'failed', failure: 'card_declined' })).toBe(200);
    expect((await order.read()).failure).toBe('card_declined');
    expect((await order.ledger()).at(-1)).toMatchObject({
      action: 'payment.declined',
      detail: { paymentId: id, failure: 'card_declined' },
    });
    const version = await versionOf(order);
    expect((await order.pay(cards.slow)).status).toBe(202);
    expect(await order.read()).not.toHaveProperty('failure');
    expect(await versionOf(order)).toBe(version + 1);
    expect(await order.page()).not.toContain('declined (');
  });
});
