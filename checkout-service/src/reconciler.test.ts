import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { freshDatabaseUrl, type OwnRedis, startOwnRedis } from '../../e2e/support/stores.ts';
import { endOrders } from './adapters/postgres/order-changes.ts';
import { eventually, makeRig, type Rig, rigInternalKey } from './testing/checkout-rig.ts';
import { jtiOf, openRoom, type RoomRig } from './testing/room-rig.ts';
import { makeRounds, type RoundsRig } from './testing/rounds-rig.ts';

const units = 12;
let databaseUrl: string;
let redis: OwnRedis;
let rig: Rig;
let room: RoomRig;
let rounds: RoundsRig;
let sold = 0;
let first: Bought;

beforeAll(async () => {
  databaseUrl = await freshDatabaseUrl(afterAll);
});
beforeEach(async () => {
  redis = await startOwnRedis();
  rig = await makeRig({ databaseUrl, redisUrl: redis.url, units: [units], instances: 2 });
  await rig.sql`update sales set deleted_at = now() where id <> ${rig.saleId}`;
  room = await openRoom(redis.url, rig.saleId, { units });
  rounds = await makeRounds(databaseUrl, redis.url);
  sold = 0;
  // Mid-sale: two unpaid orders, one cancelled, a token, and all of it known to the room.
  first = await buy('one');
  await buy('two');
  const cancelled = await buy('three');
  await rig.call('POST', `/v1/orders/${cancelled.order.id}/cancel`, { key: cancelled.orderKey });
  await room.admitted(rig, 'holder');
  await rounds.follow(rig.saleId);
  await healthy();
});
afterEach(async () => {
  await rounds.close();
  room.close();
  await rig.close();
  await redis.stop();
});

async function buy(visitor: string) {
  const token = await room.admitted(rig, visitor);
  const { status, body } = await rig.redeem(token, { instance: sold });
  expect(status).toBe(201);
  sold += 1;
  return body;
}
type Bought = Awaited<ReturnType<typeof buy>>;
const cancel = async ({ order, orderKey }: Bought) =>
  void (await rig.call('POST', `/v1/orders/${order.id}/cancel`, { key: orderKey }));
const paid = { change: 'pay', actor: 'provider:test', withdrawable: [] } as const;
const pay = async (orderId: string) =>
  void (await rig.sql.begin((tx) => endOrders(tx, { ...paid, orderIds: [orderId] })));
async function refund(orderId: string): Promise<void> {
  const asked = { key: rigInternalKey, json: { actor: 'key:test' } };
  const { status } = await rig.call('POST', `/internal/orders/${orderId}/refund`, asked);
  expect(status).toBe(200);
}

/** The money comes when the hold has run out, and buys the units again if the budget has them. */
async function payLate(orderId: string): Promise<'paid' | 'expired'> {
  const stateOf = async () => (await rig.sql`select state from orders where id = ${orderId}`)[0];
  await rig.sql`update orders set pay_before = now() where id = ${orderId}`;
  await eventually(async () => (await stateOf())?.state === 'expired');
  const id = `pay_${orderId}`;
  await rig.sql`
    insert into payments (id, order_id, sale_id, provider, state, amount_minor, currency)
    select ${id}, id, sale_id, 'sandbox', 'late', total_minor, currency
    from orders where id = ${orderId}`;
  await eventually(async () => (await rounds.late(id)).kind === 'done');
  return (await stateOf())?.state;
}
const pictureVersion = () => room.redis.hget(room.key('stock'), 'version');
const standing = () =>
  Object.fromEntries(Object.entries(rounds.differences).filter(([, count]) => count !== 0));

/** Two looks, so that whatever stands has been seen twice. */
async function healthy(): Promise<void> {
  for (let i = 0; i < 3; i += 1) {
    await rounds.reconcile();
    expect(standing()).toEqual({});
  }
}

/** The metric rises with the second look, and falls with the third or fourth. */
async function expectRepair(expected: Record<string, number>, looks = 2): Promise<void> {
  for (let i = 1; i < looks; i += 1) {
    await rounds.reconcile();
    expect(standing()).toEqual({});
  }
  await rounds.reconcile();
  expect(standing()).toEqual(expected);
  await rounds.follow(rig.saleId);
  for (let i = 0; i < 3; i += 1) await rounds.reconcile();
  await healthy();
}

/** Whoever wants to comes: as many are let in as there are units free and promised to nobody. */
async function expectAdmissions(count: number): Promise<void> {
  const before = (await room.figures()).admittedTotal;
  const crowd = Array.from({ length: 30 }, (_, i) => `c${i}`);
  await room.room.join(
    rig.saleId,
    crowd.map((visitor) => ({ visitor, number: 0, ordinal: 1 })),
  );
  for (let i = 0; i < 5; i += 1) await room.room.advance(rig.saleId, 0);
  expect((await room.figures()).admittedTotal - before).toBe(count);
}
/** Twelve units, less two held and one promised. */
const left = units - 3;

describe('the reconciler', () => {
  it('sees nothing in a healthy sale, and lets in exactly as many as there are units', async () => {
    await expectAdmissions(left);
  });

  it('puts orders back that the room forgot to count as active', async () => {
    await room.redis.del(room.key('holding'));
    await expectRepair({ 'holding-missing': 2 });
    expect(await room.redis.zcard(room.key('holding'))).toBe(2);
    await expectAdmissions(left);
  });

  it('takes orders off that have ended, or never were', async () => {
    const late = Date.now() + 300_000;
    await room.redis.zadd(room.key('holding'), late, jtiOf(rig.saleId, 'three'), late, 'nobody');
    await room.redis.hdel(room.key('given'), jtiOf(rig.saleId, 'three'));
    await expectRepair({ 'holding-over': 2 });
    expect(await room.redis.zcard(room.key('holding'))).toBe(2);
    await expectAdmissions(left);
  });

  it('settles tokens that were spent, and that the room believes alive', async () => {
    const jti = jtiOf(rig.saleId, 'one');
    await room.redis.zadd(room.key('tokens'), Date.now() + 60_000, jti);
    await rounds.reconcile();
    await rounds.reconcile();
    expect(standing()['token-spent']).toBe(1);
    for (let i = 0; i < 3; i += 1) await rounds.reconcile();
    await healthy();
    expect(await room.redis.zscore(room.key('tokens'), jti)).toBeNull();
    await expectAdmissions(left);
  });

  it('gives back a budget that was lost', async () => {
    await room.redis.hincrby(room.key('room'), 'promised', 5);
    await expectRepair({ budget: 5 });
    await expectAdmissions(left);
  });

  it('takes away a budget that there is not', async () => {
    await room.redis.hincrby(room.key('room'), 'returned', 4);
    await expectRepair({ budget: 4 });
    await expectAdmissions(left);
  });

  it('is right again where the room forgot who holds which token', async () => {
    await room.redis.del(room.key('holders'));
    for (let i = 0; i < 4; i += 1) await rounds.reconcile();
    await rounds.follow(rig.saleId);
    await healthy();
    await expectAdmissions(left);
  });

  it('is right again where the room forgot what was given back', async () => {
    await room.redis.del(room.key('given'));
    await rig.call('POST', `/v1/orders/${first.order.id}/cancel`, { key: first.orderKey });
    await rounds.follow(rig.saleId);
    await healthy();
    await expectAdmissions(left + 1);
  });

  it('renews a picture of the stock that was altered', async () => {
    const product = rig.products[0] ?? '';
    await room.redis.hset(room.key('stock'), { [product]: '0:0:12', free: 0, held: 0 });
    await expectRepair({ stock: 1 }, 3);
    expect(await room.redis.hget(room.key('stock'), product)).toBe(`${units - 2}:2:0`);
    await room.redis.del(room.key('stock'));
    await expectRepair({ stock: 1 }, 3);
  });

  it('counts redemptions as Postgres does', async () => {
    await room.redis.hset(room.key('room'), 'redeemed', 40);
    await expectRepair({ redeemed: 37 });
    expect((await room.figures()).redeemed).toBe(3);
  });

  it('leaves alone what is still in the outbox', async () => {
    await buy('four');
    const { order, orderKey } = await buy('five');
    await rig.call('POST', `/v1/orders/${order.id}/cancel`, { key: orderKey });
    await rounds.reconcile();
    await rounds.reconcile();
    expect(standing()).toEqual({});
    await rounds.follow(rig.saleId);
    await healthy();
    await expectAdmissions(left - 1);
  });

  it('leaves refunds alone that are still in the outbox', async () => {
    await pay(first.order.id);
    await rounds.follow(rig.saleId);
    await refund(first.order.id);
    await rounds.reconcile();
    await rounds.reconcile();
    expect(standing()).toEqual({});
    await rounds.follow(rig.saleId);
    await healthy();
    await expectAdmissions(left + 1);
  });

  it('sees no difference in a busy sale, with refunds and late money in it', async () => {
    for (const service of rig.services) service.startLoops();
    let isOver = false;
    let turns = 0;
    let boughtAgain = 0;
    const shopper = async (name: string, end: (bought: Bought) => Promise<void>) => {
      while (!isOver) {
        turns += 1;
        await end(await buy(`${name}-${turns}`));
      }
    };
    const shoppers = [
      shopper('cancels', cancel),
      shopper('is-refunded', async ({ order }) => {
        await pay(order.id);
        await refund(order.id);
      }),
      shopper('pays-late', async ({ order }) => {
        if ((await payLate(order.id)) !== 'paid') return;
        boughtAgain += 1;
        await refund(order.id);
      }),
    ];
    const seen: object[] = [];
    const isBusyEnough = () => turns > 10 && boughtAgain > 2;
    for (let looks = 0; looks < 15 || !isBusyEnough(); looks += 1) {
      await rounds.reconcile();
      seen.push(standing());
      // The picture of a busy sale is renewed each second.
      const before = await pictureVersion();
      await eventually(async () => (await pictureVersion()) !== before);
    }
    isOver = true;
    await Promise.all(shoppers);
    expect(seen).toEqual(seen.map(() => ({})));
    expect(rounds.repaired).toEqual({});
  }, 60_000);

  it('goes on past what cannot be repaired, and says that it stands', async () => {
    // The room cannot count so far, and refuses whatever it hears of that order.
    const jti = jtiOf(rig.saleId, 'three');
    await room.redis.hset(room.key('holders'), jti, `|${'9'.repeat(20)}|0`);
    await room.redis.zadd(room.key('holding'), Date.now() + 300_000, jti);
    await room.redis.hincrby(room.key('room'), 'promised', 5);
    await eventually(async () => {
      await rounds.reconcile();
      return (await room.redis.hget(room.key('room'), 'mended')) === '1';
    });
    for (let i = 0; i < 3; i += 1) {
      await rounds.reconcile();
      expect(standing()).toEqual({ 'holding-over': 1 });
    }
    await expectAdmissions(left);
  });

  it('tells since when it has not compared a sale whole', async () => {
    const before = Date.now();
    await rounds.reconcile();
    const since = rounds.wholeSince();
    expect(since).toBeGreaterThanOrEqual(before);
    // So many reports wait that the room is not judged.
    await rig.sql`
      insert into outbox (topic, sale_id, payload)
      select 'room', ${rig.saleId}, jsonb_build_object('kind', 'extended', 'jti', 'j' || n,
        'visitor', '', 'number', 0, 'max', 0, 'taken', 0, 'returned', 0, 'payBefore', 0)
      from generate_series(1, 1001) n`;
    await rounds.reconcile();
    await rounds.reconcile();
    expect(rounds.wholeSince()).toBe(since);
    await rig.sql`delete from outbox`;
    await rounds.reconcile();
    expect(rounds.wholeSince()).toBeGreaterThan(since);
  });

  it('repairs once where two instances look at once', async () => {
    const other = await makeRounds(databaseUrl, redis.url);
    await room.redis.hincrby(room.key('room'), 'promised', 5);
    for (let i = 0; i < 4; i += 1) await Promise.all([rounds.reconcile(), other.reconcile()]);
    expect(await room.redis.hget(room.key('room'), 'mended')).toBe('1');
    await healthy();
    await other.close();
    await expectAdmissions(left);
  });
});
