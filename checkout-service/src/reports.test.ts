import { oneServer } from '@fairgate/shared/redis/place.ts';
import { newcomer } from '@fairgate/shared/room/room.ts';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { freshDatabaseUrl, type OwnRedis, startOwnRedis } from '../../e2e/support/stores.ts';
import { postgresBackground } from './adapters/postgres/background-store.ts';
import { makePool } from './adapters/postgres/pool.ts';
import { connectRoom } from './adapters/redis-reports.ts';
import { makeRelay } from './app/relay.ts';
import { RoomAway } from './app/room-away.ts';
import type { RoomReports } from './app/room-ports.ts';
import { limits } from './limits.ts';
import { eventually, makeRig, type Rig } from './testing/checkout-rig.ts';
import { openRoom, type RoomRig } from './testing/room-rig.ts';

const [quiet, units] = [{ info() {}, warn() {}, error() {} }, 20];
let databaseUrl: string;
let redis: OwnRedis;
let rig: Rig;
let room: RoomRig;

beforeAll(async () => {
  databaseUrl = await freshDatabaseUrl(afterAll);
});
beforeEach(async () => {
  redis = await startOwnRedis();
  rig = await makeRig({ databaseUrl, redisUrl: redis.url, units: [units], instances: 2 });
  room = await openRoom(redis.url, rig.saleId, { units });
  await rig.sql`delete from outbox`;
});
afterEach(async () => {
  room.close();
  await rig.close();
  await redis.stop();
});

/** A relay like those of the instances, whose rounds the test makes. */
function relayOf(name: string, batchMax = 500) {
  const pool = makePool({
    url: databaseUrl,
    name,
    connectionsMax: 1,
    statementTimeoutMs: limits.statementMs,
    log: quiet,
  });
  const connection = connectRoom(oneServer(redis.url), () => {});
  const counts: Record<string, number> = {};
  const settle: RoomReports['settle'] = async (saleId, reports) => {
    onSettle(reports.map(({ seq }) => seq));
    return await connection.room.settle(saleId, reports);
  };
  const round = makeRelay({
    store: postgresBackground(pool),
    room: { settle },
    metrics: {
      reports(outcome, count) {
        counts[outcome] = (counts[outcome] ?? 0) + count;
      },
    },
    log: quiet,
    batchMax,
    keepSeconds: 900,
    now: () => Date.now(),
  });
  const close = async () => {
    connection.close();
    await pool.close();
  };
  return { round, counts, pool, close };
}
type Relay = ReturnType<typeof relayOf>;

async function withRelays(count: number, work: (...relays: Relay[]) => Promise<void>) {
  const relays = Array.from({ length: count }, (_, i) => relayOf(`relay-${i + 1}`));
  try {
    // The connections to Redis are made when they are made.
    await eventually(async () => {
      await Promise.all(relays.map(({ round }) => round()));
      return true;
    });
    await work(...relays);
  } finally {
    await Promise.all(relays.map((relay) => relay.close()));
  }
}

/** Told of each delivery, which fails where this does. */
let onSettle: (ids: number[]) => void = () => {};

/** Buyers who take one unit each; the last `cancelled` of them give it back. */
async function orders(count: number, cancelled = 0) {
  const names = Array.from({ length: count }, (_, i) => `buyer-${i}`);
  for (const [i, name] of names.entries()) {
    const token = await room.admitted(rig, name);
    const { status, body } = await rig.redeem(token, { instance: i });
    expect(status).toBe(201);
    if (i >= count - cancelled) {
      await rig.call('POST', `/v1/orders/${body.order.id}/cancel`, { key: body.orderKey });
    }
  }
}
const waiting = async (topic = 'room') =>
  (await rig.sql`select id from outbox where topic = ${topic}`).length;
const delivered = (relay: Relay) =>
  eventually(async () => (await relay.round()) && (await waiting()) === 0);

/** Promised and not given back is what is held and sold, and the room holds every unpaid order. */
async function expectBooks(ordered: number, live: number) {
  const figures = await room.figures();
  const { outstanding, redeemed, active, admitted } = figures;
  expect({ outstanding, redeemed, holding: active - admitted }).toEqual({
    outstanding: live,
    redeemed: ordered,
    holding: live,
  });
}

describe('reports to the room', () => {
  it('are delivered once in effect by two instances that relay at once', async () => {
    await withRelays(2, async (one, two) => {
      await orders(8, 3);
      await eventually(async () => {
        await Promise.all([one.round(), two.round()]);
        return (await waiting()) === 0;
      });
      await expectBooks(8, 5);
    });
  });

  it('reach the room in the order of the outbox, whoever relays, and whatever fails', async () => {
    await orders(9, 4);
    const rows = await rig.sql`select id::int from outbox where topic = 'room' order by id`;
    const told: number[] = [];
    let calls = 0;
    onSettle = (ids) => {
      calls += 1;
      if (calls % 3 === 0) throw new RoomAway('made so');
      told.push(...ids);
    };
    const relays = ['one', 'two'].map((name) => relayOf(name, 2));
    await eventually(async () => {
      await Promise.allSettled(relays.map(({ round }) => round()));
      return (await waiting()) === 0;
    }, 30);
    onSettle = () => {};
    await Promise.all(relays.map((relay) => relay.close()));
    // A repeated one is no news.
    const first = told.filter((id, i) => told.indexOf(id) === i);
    expect(first).toEqual(rows.map(({ id }) => id));
    await expectBooks(9, 5);
  }, 40_000);

  it('are delivered again by another instance when one is killed in the midst of a relay', async () => {
    await withRelays(1, async (other) => {
      await orders(6, 2);
      const dying = relayOf('dying');
      let isDelivered = () => {};
      const inTheMidst = new Promise<void>((resolve) => {
        isDelivered = resolve;
      });
      const store = postgresBackground(dying.pool);
      const connection = connectRoom(oneServer(redis.url), () => {});
      await eventually(() =>
        connection.room.settle('sale_none', []).then(
          () => true,
          () => false,
        ),
      );
      // Delivered to Redis, and its transaction open for as long as it lives.
      const round = store.relay(500, [], async (reports) => {
        await connection.room.settle(
          rig.saleId,
          reports.map((row) => ({ ...row.report, seq: row.id })),
        );
        isDelivered();
        return await new Promise<never>(() => {});
      });
      round.catch(() => undefined);
      await inTheMidst;
      expect(await other.round()).toBe('done');
      expect(await waiting()).toBe(8);
      await rig.sql`select pg_terminate_backend(pid) from pg_stat_activity
        where application_name = 'dying'`;
      await delivered(other);
      await expectBooks(6, 4);
      connection.close();
      await dying.close();
    });
  });

  it('have one effect when Redis answers too late, and they are delivered twice', async () => {
    await withRelays(1, async (relay) => {
      await orders(5, 2);
      await room.redis.client('PAUSE', 2_500, 'ALL');
      await expect(relay.round()).rejects.toThrow('no answer');
      expect(await waiting()).toBe(7);
      await delivered(relay);
      expect(relay.counts.delivered).toBe(7);
      await expectBooks(5, 3);
    });
  });

  it('wait while Redis is emptied mid-way, and are counted once in the room that is made anew', async () => {
    await withRelays(1, async (relay) => {
      await orders(4, 1);
      await delivered(relay);
      const before = await room.admitted(rig, 'in-between');
      await room.redis.flushall();
      expect((await rig.redeem(before)).status).toBe(201);
      await relay.round();
      expect(await waiting()).toBe(1);
      const [last] = await rig.sql`select last_value::int as id from outbox_id_seq`;
      await room.begin({
        next: 10_000,
        free: units - 4,
        redeemed: 4,
        settledFrom: Number(last?.id),
        holding: ['a', 'b', 'c', 'd'].map((jti) => ({
          jti,
          payBefore: Date.now() + 300_000,
          units: 1,
        })),
      });
      await eventually(async () => (await relay.round()) && (await waiting()) === 0);
      await expectBooks(4, 4);
    });
  });

  it('that a room refuses are set aside, and keep none of the others', async () => {
    await withRelays(1, async (relay) => {
      await orders(3);
      // Redis cannot count so far.
      await room.redis.hset(room.key('holders'), 'bad', `|${'9'.repeat(20)}|0`);
      await rig.sql`
        insert into outbox (topic, sale_id, payload)
        select 'room', sale_id, payload || '{"jti": "bad", "kind": "ended"}'
        from outbox where topic = 'room' limit 1`;
      for (const unreadable of ['{"kind": "of another time"}', '{"taken": -7}', '{"taken": 0.5}']) {
        await rig.sql`
          insert into outbox (topic, sale_id, payload)
          select 'room', sale_id, payload || ${unreadable}::text::jsonb
          from outbox where topic = 'room' limit 1`;
      }
      const token = await room.admitted(rig, 'after-it');
      expect((await rig.redeem(token)).status).toBe(201);
      await delivered(relay);
      expect(await waiting('refused')).toBe(4);
      expect(relay.counts).toEqual({ delivered: 4, refused: 4 });
      await expectBooks(4, 4);
    });
  });

  it('of an end give nothing back that the room never heard was spent', async () => {
    await withRelays(1, async (relay) => {
      // A token that the room has forgotten, and a report of its order that was set aside.
      const { body } = await rig.redeem(await rig.token());
      await rig.sql`update outbox set topic = 'refused' where topic = 'room'`;
      await rig.call('POST', `/v1/orders/${body.order.id}/cancel`, { key: body.orderKey });
      await delivered(relay);
      const crowd = Array.from({ length: units + 5 }, (_, i) => newcomer(`c${i}`));
      await room.room.join(rig.saleId, crowd);
      await room.room.advance(rig.saleId, 0);
      expect((await room.figures()).admittedTotal).toBe(units);
    });
  });

  it('of a room that refuses everything wait, and keep no other sale’s', async () => {
    await withRelays(1, async (relay) => {
      await orders(3);
      await room.redis.rename(room.key('holders'), 'aside');
      await room.redis.set(room.key('holders'), 'of another type');
      await rig.sql`
        insert into outbox (topic, sale_id, payload)
        select 'room', 'sale_other', payload from outbox where topic = 'room' limit 1`;
      const other = await openRoom(redis.url, 'sale_other', { units: 5 });
      await eventually(async () => {
        await relay.round().catch(() => undefined);
        return (await other.figures()).redeemed === 1;
      });
      expect(await waiting()).toBe(3);
      expect(await waiting('refused')).toBe(0);
      await room.redis.rename('aside', room.key('holders'));
      await delivered(relay);
      await expectBooks(3, 3);
      other.close();
    });
  });

  it('to a room that is gone for good are dropped in the end, and keep no other sale’s', async () => {
    await withRelays(1, async (relay) => {
      await orders(2);
      await rig.sql`
        insert into outbox (topic, sale_id, payload, created_at)
        select 'room', 'sale_gone', payload, now() - make_interval(secs => n * 600)
        from outbox cross join generate_series(1, 2) n where topic = 'room' limit 4`;
      await eventually(async () => (await relay.round()) && (await waiting()) === 2);
      expect(relay.counts).toEqual({ delivered: 2, homeless: 2 });
      await expectBooks(2, 2);
    });
  });
});
