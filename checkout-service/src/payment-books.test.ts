import { newId } from '@fairgate/shared/ids.ts';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { freshDatabaseUrl } from '../../e2e/support/stores.ts';
import { postgresPayments } from './adapters/postgres/payment-store.ts';
import { makePool } from './adapters/postgres/pool.ts';
import { makeRig, type Rig } from './testing/checkout-rig.ts';
import { hear, type PlacedOrder, placeOrder } from './testing/payment-rig.ts';
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
    const log = { info() {}, warn() {}, error() {} };
    const named = { url: databaseUrl, name: 'test-books', connectionsMax: 1, log };
    const pool = makePool({ ...named, statementTimeoutMs: 5_000 });
    expect((await postgresPayments(pool, pool).latest(order.id))?.id).toBe(paymentId);
    await pool.close();
  });
});
