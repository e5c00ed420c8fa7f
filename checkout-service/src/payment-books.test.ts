import { newId } from '@fairgate/shared/ids.ts';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { freshDatabaseUrl } from '../../e2e/support/stores.ts';
import { postgresOrders } from './adapters/postgres/order-store.ts';
import { postgresPayments } from './adapters/postgres/payment-store.ts';
import { makePool, type Pool } from './adapters/postgres/pool.ts';
import { amountFailure, unansweredFailure } from './domain/payment-rules.ts';
import { makeRig, type Rig } from './testing/checkout-rig.ts';
import { cards, hear, type PlacedOrder, placeOrder } from './testing/payment-rig.ts';
import { makeSandbox, type SandboxRig } from './testing/sandbox-rig.ts';

// No loop runs here, and no webhook comes but those of the tests: what is written stays as it was.
let rig: Rig;
let sandbox: SandboxRig;
let databaseUrl: string;
beforeAll(async () => {
  sandbox = await makeSandbox(async () => new Response());
  databaseUrl = await freshDatabaseUrl(afterAll);
  rig = await makeRig({ databaseUrl, units: [50], providers: [sandbox.provider] });
});
afterAll(async () => {
  await rig.close();
  await sandbox.close();
});
afterEach(() => {
  vi.useRealTimers();
});

function poolOf(): Pool {
  const log = { info() {}, warn() {}, error() {} };
  const named = { url: databaseUrl, name: 'test-books', connectionsMax: 1, log };
  const pool = makePool({ ...named, statementTimeoutMs: 5_000 });
  onTestFinished(() => pool.close());
  return pool;
}

const storeOf = (pool: Pool) =>
  postgresPayments({ orders: pool, background: pool, withdrawable: [] });

const email = 'books@example.org';

async function paying(): Promise<{ order: PlacedOrder; paymentId: string }> {
  const order = await placeOrder(rig, { email });
  const { status, body } = await order.pay();
  expect(status).toBe(202);
  return { order, paymentId: body.payment.id };
}

describe('the ledger', () => {
  it('names the payment and the sum that paid an order', async () => {
    const { order, paymentId } = await paying();
    expect(await hear(rig, paymentId, {})).toBe(200);
    expect((await order.ledger()).at(-1)).toMatchObject({
      actor: 'provider:sandbox',
      action: 'order.paid',
      unit_ids: [order.unit],
      detail: { paymentId, amountMinor: 1_000 },
    });
  });
});

describe('money', () => {
  it('is not taken for an order that cannot move with all its units', async () => {
    const { order, paymentId } = await paying();
    // What must never be; should it be all the same, nothing may look as if all were well.
    await rig.sql`update units set state = 'free', order_id = null where id = ${order.unit}`;
    const actions = await order.actions();
    expect(await hear(rig, paymentId, {})).toBe(503);
    expect(await order.payments()).toMatchObject([{ state: 'processing' }]);
    expect((await order.read()).state).toBe('awaiting_payment');
    expect(await order.actions()).toEqual(actions);
    await rig.sql`update units set state = 'held', order_id = ${order.id} where id = ${order.unit}`;
    expect(await hear(rig, paymentId, {})).toBe(200);
    expect((await order.read()).state).toBe('paid');
  });
});

describe('a decline that is heard after another payment began', () => {
  it('is in the ledger, and the order tells nothing of it', async () => {
    const { order, paymentId } = await paying();
    // As after a lost answer: the attempt counts as failed, though the provider took it.
    await rig.sql`
      update payments set state = 'failed', failure = ${unansweredFailure}
      where id = ${paymentId}`;
    const second = await order.pay(cards.slow);
    expect(second.status).toBe(202);
    const news = { state: 'failed', failure: 'card_declined' };
    expect(await hear(rig, paymentId, news)).toBe(200);
    expect(await order.payments()).toMatchObject([news, { state: 'processing' }]);
    expect(await order.read()).not.toHaveProperty('failure');
    expect((await order.ledger()).at(-1)).toMatchObject({
      action: 'payment.declined',
      detail: { paymentId, failure: 'card_declined' },
    });
  });
});

describe('money of another sum than was asked for', () => {
  it.each([{ amountMinor: 999 }, { currency: 'USD' }])(
    '%o goes back, is written down as it came, and the order says so',
    async (sum) => {
      const { order, paymentId } = await paying();
      expect(await hear(rig, paymentId, sum)).toBe(200);
      expect(await order.read()).toMatchObject({
        state: 'awaiting_payment',
        failure: amountFailure,
      });
      const received = { amountMinor: 1_000, currency: 'EUR', ...sum };
      expect((await order.ledger()).at(-1)).toMatchObject({
        action: 'payment.not-taken',
        detail: {
          why: 'amount',
          paymentId,
          amountMinor: 1_000,
          receivedMinor: received.amountMinor,
          receivedCurrency: received.currency,
        },
      });
      expect(await order.payments()).toMatchObject([{ state: 'refunding' }]);
      expect(await order.told('payment')).toEqual([{ kind: 'refund', paymentId }]);
      expect(await order.page()).toContain('Another sum arrived than the order costs');
    },
  );
});

describe('a second payment of one order', () => {
  it('goes back by a job, and the ledger says why', async () => {
    const { order, paymentId } = await paying();
    await rig.sql`update payments set state = 'failed' where id = ${paymentId}`;
    const { body } = await order.pay();
    expect(await hear(rig, body.payment.id, {})).toBe(200);
    expect(await hear(rig, paymentId, {})).toBe(200);
    expect((await order.read()).state).toBe('paid');
    expect(await order.told('payment')).toEqual([{ kind: 'refund', paymentId }]);
    const about = { notice: 'payment-refunded', orderId: order.id, paymentId };
    expect((await order.told('job')).at(-1)).toMatchObject(about);
    expect((await order.ledger()).at(-1)).toMatchObject({
      action: 'payment.not-taken',
      detail: { paymentId, why: 'order-paid', receivedMinor: 1_000, receivedCurrency: 'EUR' },
    });
    expect(await hear(rig, paymentId, { state: 'refunded' })).toBe(200);
    expect((await order.ledger()).at(-1)).toMatchObject({
      action: 'payment.refunded',
      detail: { paymentId },
    });
    expect((await order.read()).state).toBe('paid');
  });
});

describe('a paid order whose money the provider gave back by itself', () => {
  it('ends: its unit is free, the room, the shopper and the ledger hear of it', async () => {
    const { order, paymentId } = await paying();
    await hear(rig, paymentId, {});
    expect((await order.read()).state).toBe('paid');
    expect(await hear(rig, paymentId, { state: 'refunded' })).toBe(200);
    expect((await order.read()).state).toBe('refunded');
    expect(await order.payments()).toMatchObject([{ state: 'refunded' }]);
    const [unit] = await rig.sql`select state, order_id from units where id = ${order.unit}`;
    expect(unit).toEqual({ state: 'free', order_id: null });
    expect((await order.told('room')).at(-1)).toMatchObject({ kind: 'ended', returned: 1 });
    expect((await order.told('job')).at(-1)).toMatchObject({ notice: 'order-refunded' });
    expect((await order.ledger()).slice(-2)).toMatchObject([
      { action: 'payment.refunded', detail: { paymentId } },
      { action: 'order.refunded', unit_ids: [order.unit], detail: { paymentId } },
    ]);
    expect(await hear(rig, paymentId, { state: 'refunded' })).toBe(200);
    expect((await order.actions()).filter((it) => it === 'order.refunded')).toHaveLength(1);
  });
});

describe('money for an order that expired', () => {
  it('waits for a job that decides, and the ledger says so', async () => {
    const { order, paymentId } = await paying();
    await rig.sql`update orders set pay_before = now() - interval '100 s' where id = ${order.id}`;
    const pool = poolOf();
    const orders = postgresOrders({
      orders: pool,
      background: pool,
      paymentGraceSeconds: 60,
      withdrawable: [],
    });
    await orders.sweep(10, []);
    expect((await order.read()).state).toBe('expired');
    expect(await hear(rig, paymentId, {})).toBe(200);
    expect(await order.payments()).toMatchObject([{ state: 'late' }]);
    expect(await order.told('payment')).toEqual([{ kind: 'late', paymentId }]);
    expect((await order.ledger()).at(-1)).toMatchObject({
      action: 'payment.late',
      detail: { paymentId },
    });
  });
});

describe('deadlines', () => {
  it('are by the clock of Postgres, whatever an instance’s own clock says', async () => {
    const order = await placeOrder(rig);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3_600_000 });
    expect((await order.extend()).status).toBe(200);
  });

  it('that are over are not put off', async () => {
    const order = await placeOrder(rig);
    await order.runsOut(1);
    const answer = await order.extend();
    expect([answer.status, answer.body.detail]).toEqual([409, 'It cannot be extended now.']);
    expect(await order.actions()).toEqual(['order.placed']);
  });

  it('a payment under way is the latest, whichever instance made the later id', async () => {
    const { order, paymentId } = await paying();
    await rig.sql`
      insert into payments (id, order_id, sale_id, provider, state, amount_minor, currency)
      values (${newId('pay', Date.now() + 60_000)}, ${order.id}, ${rig.saleId}, 'sandbox',
        'failed', 1000, 'EUR')`;
    const pool = poolOf();
    expect((await storeOf(pool).latest(order.id))?.id).toBe(paymentId);
  });
});
