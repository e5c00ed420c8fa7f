import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshDatabaseUrl } from '../../e2e/support/stores.ts';
import { postgresPayments } from './adapters/postgres/payment-store.ts';
import { makePool } from './adapters/postgres/pool.ts';
import type { PaymentStore } from './app/ports.ts';
import type { PaymentProvider } from './app/provider-ports.ts';
import { unansweredFailure } from './domain/payment-rules.ts';
import { eventually, makeRig, type Rig } from './testing/checkout-rig.ts';
import { makeSandbox, type SandboxRig } from './testing/sandbox-rig.ts';

let rig: Rig;
let sandbox: SandboxRig;
beforeAll(async () => {
  // Every webhook is lost, and so is every answer to a payment that the provider took.
  sandbox = await makeSandbox(async () => new Response());
  const provider: PaymentProvider = {
    ...sandbox.provider,
    async create(request) {
      await sandbox.provider.create(request);
      return { kind: 'unavailable', cause: 'no answer' };
    },
  };
  const databaseUrl = await freshDatabaseUrl(afterAll);
  rig = await makeRig({ databaseUrl, units: [10], providers: [provider], loops: true });
});
afterAll(async () => {
  await rig.close();
  await sandbox.close();
});

async function payUnanswered(card = '4242424242424242') {
  const { body } = await rig.redeem(await rig.token());
  const path = `/v1/orders/${body.order.id}`;
  const key: string = body.orderKey;
  const json = { provider: 'sandbox', card };
  const before = sandbox.deliveries.length;
  expect((await rig.call('POST', `${path}/payments`, { key, json })).status).toBe(503);
  await eventually(async () => sandbox.deliveries.length > before);
  return {
    id: body.order.id as string,
    read: async () => (await rig.call('GET', path, { key })).body.order,
    state: async () => (await rig.call('GET', path, { key })).body.order.state,
    cancel: () => rig.call('POST', `${path}/cancel`, { key }),
  };
}
const payment = async (orderId: string) =>
  (await rig.sql`select * from payments where order_id = ${orderId}`)[0];
const makeOlder = (orderId: string) => rig.sql`
  update payments set created_at = now() - interval '20 s', updated_at = now() - interval '15 s'
  where order_id = ${orderId}`;

describe('a payment whose provider took it, but gave no answer', () => {
  it('pays the order that still awaits it, though its webhook is lost', async () => {
    const order = await payUnanswered();
    expect(await payment(order.id)).toMatchObject({ state: 'failed', failure: unansweredFailure });
    await makeOlder(order.id);
    await eventually(async () => (await order.state()) === 'paid');
    expect((await payment(order.id))?.state).toBe('succeeded');
  });

  it('is given back where the order has ended', async () => {
    const order = await payUnanswered();
    expect((await order.cancel()).status).toBe(200);
    await makeOlder(order.id);
    await eventually(async () => (await payment(order.id))?.state === 'refunded');
    expect(await order.state()).toBe('cancelled');
  });

  it('tells that it was declined once the provider says so, and is not asked about any more', async () => {
    const order = await payUnanswered('4000000000000002');
    await makeOlder(order.id);
    const declined = { state: 'failed', failure: 'card_declined' };
    await eventually(async () => (await payment(order.id))?.failure === declined.failure);
    expect(await payment(order.id)).toMatchObject(declined);
    expect(await order.read()).toMatchObject({ ...declined, state: 'awaiting_payment' });
    const ledger = await rig.sql`
      select action from ledger where order_id = ${order.id} order by id desc limit 1`;
    expect(ledger).toEqual([{ action: 'payment.declined' }]);
  });
});

describe('the lines of payments', () => {
  let store: PaymentStore;
  const pool = (url: string) => {
    const log = { info() {}, warn() {}, error() {} };
    const name = 'test-payments';
    return makePool({ url, name, connectionsMax: 1, statementTimeoutMs: 5_000, log });
  };
  let sql: Rig['sql'];
  let other: Rig;
  beforeAll(async () => {
    const databaseUrl = await freshDatabaseUrl(afterAll);
    const providers = [sandbox.provider];
    other = await makeRig({ databaseUrl, units: [1], providers });
    const own = pool(databaseUrl);
    store = postgresPayments({ orders: own, background: own, withdrawable: [] });
    sql = other.sql;
    afterAll(async () => {
      await own.close();
      await other.close();
    });
  });

  /** `secondsOld` since the payment was made, `secondsSilent` since it was last tried. */
  async function add(
    id: string,
    state: string,
    secondsOld: number,
    secondsSilent: number,
    failure: string | null = null,
  ) {
    await sql`
      insert into payments (id, order_id, sale_id, provider, state, amount_minor, currency, failure,
        created_at, updated_at)
      values (${id}, 'ord_x', 'sale_x', 'sandbox', ${state}, 1, 'EUR', ${failure},
        now() - make_interval(secs => ${secondsOld}),
        now() - make_interval(secs => ${secondsSilent}))`;
  }
  const ids = (found: { id: string }[]) => found.map(({ id }) => id).sort();

  it('go on, whoever is stuck in them', async () => {
    for (const [i, state] of ['refunding', 'processing', 'withdrawing'].entries()) {
      for (let n = 0; n < 3; n += 1) await add(`pay_${i}${n}`, state, 100, 90 - n * 10);
    }
    expect(ids(await store.due('refund', 0, 2))).toEqual(['pay_00', 'pay_01']);
    expect(ids(await store.due('refund', 0, 1))).toEqual(['pay_02']);
    expect(ids(await store.due('withdraw', 0, 2))).toEqual(['pay_20', 'pay_21']);
    expect(ids(await store.due('withdraw', 0, 2))).toEqual(['pay_22']);
    expect(ids(await store.silent(8, 2))).toEqual(['pay_10', 'pay_11']);
    expect(ids(await store.silent(8, 2))).toEqual(['pay_12']);
    expect(await store.silent(8, 2)).toEqual([]);
  });

  it('ask a provider that fails or refuses after ever longer pauses, ten minutes at most', async () => {
    await sql`update payments set updated_at = now()`;
    const tried = async (id: string, tries: number, secondsSilent: number) => {
      await add(id, 'refunding', 100_000, secondsSilent);
      await sql`update payments set tries = ${tries} where id = ${id}`;
    };
    await tried('pay_first', 0, 11);
    await tried('pay_fourth', 4, 17);
    await tried('pay_fourth_2', 4, 15);
    await tried('pay_often', 1_000, 601);
    await tried('pay_often_2', 1_000, 599);
    const due = () => store.due('refund', 10, 20).then(ids);
    expect(await due()).toEqual(['pay_first', 'pay_fourth', 'pay_often']);
    expect(await due()).toEqual([]);
    const [row] = await sql`select tries from payments where id = 'pay_fourth'`;
    expect(row?.tries).toBe(5);
  });

  it('ask about a payment under way the more seldom the older it is, half a minute at most', async () => {
    await sql`update payments set updated_at = now() where state = 'processing'`;
    await add('pay_typing', 'processing', 100, 26);
    await add('pay_typing_2', 'processing', 100, 24);
    await add('pay_days', 'processing', 200_000, 31);
    await add('pay_days_2', 'processing', 200_000, 29);
    await add('pay_new', 'processing', 12, 9);
    expect(ids(await store.silent(8, 20))).toEqual(['pay_days', 'pay_new', 'pay_typing']);
  });

  it('ask about a payment without an answer ever more seldom, for a day', async () => {
    await add('pay_due', 'failed', 20, 15, unansweredFailure);
    await add('pay_fresh', 'failed', 10, 5, unansweredFailure);
    await add('pay_resting', 'failed', 1_000, 400, unansweredFailure);
    await add('pay_old', 'failed', 90_000, 80_000, unansweredFailure);
    await add('pay_declined', 'failed', 20, 15, 'card_declined');
    expect(ids(await store.silent(8, 20))).toEqual(['pay_due']);
    expect(await store.silent(8, 20)).toEqual([]);
  });

  it('forget webhooks’ events after 30 days, so many at a time, and go on with the rest', async () => {
    await sql`
      insert into provider_events (provider, event_id, created_at)
      select 'sandbox', 'evt_' || days, now() - make_interval(days => days)
      from unnest(array[29, 31, 32, 33]) as days`;
    expect(await store.forgetEvents(30, 2)).toBe(2);
    other.services[0]?.startLoops();
    const left = async () =>
      (await sql`select event_id from provider_events`).map((it) => it.event_id);
    await eventually(async () => (await left()).length === 1);
    expect(await left()).toEqual(['evt_29']);
  });
});
