import { nodeScripts } from '@fairgate/shared/room/node-scripts.ts';
import { redisRoom } from '@fairgate/shared/room/redis-room.ts';
import { noBeginning } from '@fairgate/shared/room/test-rooms.ts';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshDatabaseUrl, freshRedisUrl } from '../../e2e/support/stores.ts';
import { prometheusMetrics } from './adapters/metrics.ts';
import { postgresOrders } from './adapters/postgres/order-store.ts';
import { postgresPayments } from './adapters/postgres/payment-store.ts';
import { makePool, type Pool } from './adapters/postgres/pool.ts';
import { connectRoom, type RoomConnection } from './adapters/redis-reports.ts';
import { makePaymentJobs, type PaymentJobs } from './app/payment-jobs.ts';
import { eventually, makeRig, type Rig } from './testing/checkout-rig.ts';
import { roomFields } from './testing/room-fields.ts';
import { makeSandbox, type SandboxRig } from './testing/sandbox-rig.ts';

const quiet = { info() {}, warn() {}, error() {} };
const metrics = prometheusMetrics(() => ({
  queueDepth: () => 0,
  batchesUnderWay: () => 0,
  watchers: () => 0,
  breakers: () => [],
}));

let databaseUrl: string;
let redis: Redis;
let sandbox: SandboxRig;
// The provider's webhooks, kept back until a test hands them over.
const held: { body: string; signature: string }[] = [];
const pools: Pool[] = [];
const rooms: RoomConnection[] = [];
const rigs: Rig[] = [];
let here: PaymentJobs;
let there: PaymentJobs;
let roomless: PaymentJobs;

beforeAll(async () => {
  databaseUrl = await freshDatabaseUrl(afterAll);
  const redisUrl = await freshRedisUrl(afterAll);
  redis = new Redis(redisUrl);
  sandbox = await makeSandbox(async (request) => {
    const signature = request.headers.get('fairgate-signature') ?? '';
    held.push({ body: await request.text(), signature });
    return new Response();
  });
  here = jobsOf(redisUrl);
  there = jobsOf(redisUrl);
  roomless = jobsOf('redis://127.0.0.1:1');
  for (const { room } of rooms.slice(0, 2)) {
    await eventually(() => room.promise('sale_x', 'k', 1).catch(() => null));
  }
});
afterAll(async () => {
  for (const rig of rigs) await rig.close();
  for (const pool of pools) await pool.close();
  for (const room of rooms) room.close();
  redis.disconnect();
  await sandbox.close();
});

function poolOf(): Pool {
  const options = { url: databaseUrl, name: 'test-late', connectionsMax: 2, log: quiet };
  const pool = makePool({ ...options, statementTimeoutMs: 5_000 });
  pools.push(pool);
  return pool;
}

function jobsOf(redisUrl: string): PaymentJobs {
  const pool = poolOf();
  const room = connectRoom(redisUrl, () => {});
  rooms.push(room);
  return makePaymentJobs({
    providers: [sandbox.provider],
    payments: postgresPayments(pool, pool),
    room: room.room,
    queue: null,
    metrics,
    log: quiet,
    silenceSeconds: 1_000,
    lateWaitSeconds: 60,
    graceSeconds: 0,
    relayMax: 10,
    sweepMax: 20,
    stockChanged() {},
  });
}

/** A sale with so many units in Postgres, and a room whose budget has so many left. */
async function saleOf(units: number, budget: number) {
  const providers = [sandbox.provider];
  const rig = await makeRig({ databaseUrl, units: [units], providers });
  rigs.push(rig);
  const room = redisRoom(redis, nodeScripts());
  const fields = { ...roomFields, units: budget };
  await room.configure(rig.saleId, 1, fields, { ...noBeginning, free: budget });
  return {
    rig,
    promised: async () => (await room.figures(rig.saleId))?.outstanding,
    room,
  };
}

/** An order that expired unpaid, and `count` payments of it that the provider took all the same. */
async function lateOrder(rig: Rig, count = 1, claims: { sub?: string } = {}) {
  const { body } = await rig.redeem(await rig.token(claims), { email: 'late@example.org' });
  const id: string = body.order.id;
  const key: string = body.orderKey;
  const path = `/v1/orders/${id}`;
  const json = { provider: 'sandbox', card: '4242424242424242' };
  for (let i = 0; i < count; i += 1) {
    expect((await rig.call('POST', `${path}/payments`, { key, json })).status).toBe(202);
    // As after a time-out of ours: the attempt counts as failed, though the provider took it.
    await rig.sql`update payments set state = 'failed' where order_id = ${id}`;
  }
  const payments = (await rig.sql`select id from payments where order_id = ${id} order by id`).map(
    (row) => String(row.id),
  );
  const isOurs = ({ body: text }: { body: string }) => payments.some((one) => text.includes(one));
  await eventually(async () => held.filter(isOurs).length === count);
  await rig.sql`update orders set pay_before = now() - interval '100 s' where id = ${id}`;
  const pool = poolOf();
  await postgresOrders({ orders: pool, background: pool, paymentGraceSeconds: 60 }).sweep(100, []);
  const order = async () => (await rig.call('GET', path, { key })).body.order;
  expect((await order()).state).toBe('expired');
  return {
    id,
    payments,
    payment: payments[0] ?? '',
    order,
    /** The provider's words arrive at last, once or oftener. */
    async hear() {
      for (const { body: text, signature } of held.filter(isOurs)) {
        const headers = { 'fairgate-signature': signature, 'content-type': 'application/json' };
        const answer = await rig.call('POST', '/webhooks/sandbox', { text, headers });
        expect(answer.status).toBe(200);
      }
    },
    states: async () =>
      (await rig.sql`select state from payments where order_id = ${id} order by id`).map(
        (row) => row.state,
      ),
    async told(topic: string) {
      const rows = await rig.sql`
        select payload from outbox where topic = ${topic} and (payload->>'orderId' = ${id}
          or payload->>'jti' = ${`again:${id}`}) order by id`;
      return rows.map((row) => row.payload);
    },
    ledger: async () =>
      (await rig.sql`select action from ledger where order_id = ${id} order by id`).map(
        (row) => row.action,
      ),
  };
}

describe('money that comes after the order expired', () => {
  it('buys the units again where they are free and promised to nobody', async () => {
    const { rig, promised } = await saleOf(1, 1);
    const late = await lateOrder(rig);
    await late.hear();
    expect(await late.states()).toEqual(['late']);
    await here.work({ kind: 'late', paymentId: late.payment });
    const order = await late.order();
    expect(order).toMatchObject({ state: 'paid', items: [{ quantity: 1 }] });
    expect(order.items[0].units).toHaveLength(1);
    expect(await late.states()).toEqual(['succeeded']);
    expect(await rig.stock()).toEqual({ [rig.products[0]!]: { free: 0, held: 0, sold: 1 } });
    expect(await promised()).toBe(1);
    expect(await late.told('room')).toMatchObject([{ kind: 'bought', max: 1, taken: 1 }]);
    expect((await late.told('job')).map((job) => job.notice)).toEqual([
      'order-placed',
      'order-expired',
      'order-paid',
    ]);
    expect(await late.ledger()).toEqual(
      expect.arrayContaining(['order.expired', 'payment.late', 'order.paid']),
    );
    const [buyer] = await rig.sql`
      select units from buyer_units where sale_id = ${rig.saleId} and kind = 'visitor'`;
    expect(buyer?.units).toBe(1);
    await late.hear();
    await there.sweep();
    expect(await late.states()).toEqual(['succeeded']);
  });

  it('goes back where all is sold', async () => {
    const { rig, promised, room } = await saleOf(1, 1);
    const late = await lateOrder(rig);
    expect((await rig.redeem(await rig.token())).status).toBe(201);
    await late.hear();
    await here.sweep();
    expect(await late.states()).toEqual(['refunded']);
    expect((await late.order()).state).toBe('expired');
    const [report] = await late.told('room');
    expect(report).toMatchObject({ kind: 'ended', max: 1, taken: 0, returned: 0 });
    await room.settle(rig.saleId, [{ ...report, seq: 1 }]);
    expect(await promised()).toBe(0);
    expect((await late.told('job')).at(-1)).toMatchObject({ notice: 'payment-refunded' });
  });

  it('goes back where a unit is free, but promised to someone who was let in', async () => {
    const { rig } = await saleOf(1, 0);
    const late = await lateOrder(rig);
    await late.hear();
    await here.sweep();
    expect(await late.states()).toEqual(['refunded']);
    expect(await rig.stock()).toEqual({ [rig.products[0]!]: { free: 1, held: 0, sold: 0 } });
  });

  it('goes back where the shopper has bought as much as they may meanwhile', async () => {
    const { rig } = await saleOf(2, 2);
    const late = await lateOrder(rig, 1, { sub: 'twice' });
    expect((await rig.redeem(await rig.token({ sub: 'twice' }))).status).toBe(201);
    await late.hear();
    await here.sweep();
    expect(await late.states()).toEqual(['refunded']);
  });

  it('is decided once by two instances at the same time', async () => {
    const { rig, promised } = await saleOf(8, 8);
    const lates = [];
    for (let i = 0; i < 4; i += 1) lates.push(await lateOrder(rig));
    for (const late of lates) await late.hear();
    const jobs = lates.map(({ payment }) => ({ kind: 'late', paymentId: payment }) as const);
    const outcomes = await Promise.all(
      jobs.flatMap((job) => [here.work(job), there.work(job), here.work(job)]),
    );
    expect(outcomes.every(({ kind }) => kind === 'done')).toBe(true);
    for (const late of lates) {
      expect(await late.states()).toEqual(['succeeded']);
      expect((await late.ledger()).filter((action) => action === 'order.paid')).toHaveLength(1);
    }
    expect(await rig.stock()).toEqual({ [rig.products[0]!]: { free: 4, held: 0, sold: 4 } });
    expect(await promised()).toBe(4);
  });

  it('of two payments of one order buys once, and the other goes back', async () => {
    const { rig, promised } = await saleOf(4, 4);
    const late = await lateOrder(rig, 2);
    await late.hear();
    await Promise.all(
      late.payments.map((paymentId, i) => (i ? there : here).work({ kind: 'late', paymentId })),
    );
    await here.sweep();
    expect((await late.states()).sort()).toEqual(['refunded', 'succeeded']);
    expect((await late.order()).state).toBe('paid');
    expect(await promised()).toBe(1);
    expect((await late.told('room')).map((report) => report.kind)).toEqual(['bought']);
  });

  it('is decided by another instance where one died between promise and claim', async () => {
    const { rig, promised, room } = await saleOf(1, 1);
    const late = await lateOrder(rig);
    await late.hear();
    expect(await room.promise(rig.saleId, `again:${late.id}`, 1)).toBe('promised');
    await there.work({ kind: 'late', paymentId: late.payment });
    expect((await late.order()).state).toBe('paid');
    expect(await promised()).toBe(1);
  });

  it('waits for a room that cannot be reached, a minute at most, and then goes back', async () => {
    const { rig } = await saleOf(1, 1);
    const late = await lateOrder(rig);
    await late.hear();
    const job = { kind: 'late', paymentId: late.payment } as const;
    expect((await roomless.work(job)).kind).toBe('again');
    expect(await late.states()).toEqual(['late']);
    await rig.sql`
      update payments set updated_at = now() - interval '61 s' where id = ${late.payment}`;
    expect((await roomless.work(job)).kind).toBe('done');
    expect(await late.states()).toEqual(['refunding']);
    // The promise may have been made, and its answer lost: it comes back all the same.
    expect(await late.told('room')).toMatchObject([{ kind: 'ended', taken: 0, returned: 0 }]);
    await here.sweep();
    expect(await late.states()).toEqual(['refunded']);
  });

  it('that bought again can be refunded, and the promise comes back with the unit', async () => {
    const { rig, promised, room } = await saleOf(1, 1);
    const late = await lateOrder(rig);
    await late.hear();
    await here.sweep();
    expect((await late.order()).state).toBe('paid');
    const pool = poolOf();
    const orders = postgresOrders({ orders: pool, background: pool, paymentGraceSeconds: 60 });
    expect((await orders.refund(late.id, { actor: 'key:k', reason: null }))?.kind).toBe('ended');
    const reports = await late.told('room');
    expect(reports.at(-1)).toMatchObject({ kind: 'ended', max: 1, taken: 1, returned: 1 });
    await room.settle(
      rig.saleId,
      reports.map((report, i) => ({ ...report, seq: i + 1 })),
    );
    expect(await promised()).toBe(0);
    expect(await rig.stock()).toEqual({ [rig.products[0]!]: { free: 1, held: 0, sold: 0 } });
    await here.sweep();
    expect(await late.states()).toEqual(['refunded']);
  });
});
