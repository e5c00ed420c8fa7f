import { blockedKey } from '@fairgate/shared/bans/suspects.ts';
import { newcomer } from '@fairgate/shared/room/room.ts';
import postgres from 'postgres';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { waitFor } from '../../../e2e/support/wait.ts';
import { eventsOf, testEvents } from '../../test/events.ts';
import { anOrder, aSale, iso, type Service, startMs, testService } from '../../test/fixture.ts';

let service: Service;
let saleId: string;
let productId: string;
beforeEach(async () => {
  service = await testService();
  const room = { admitPerMinute: 0 };
  const sale = { startsAt: iso(startMs), publish: true, room };
  ({ saleId, productId } = await aSale(service, sale));
});

const joins = async (count: number, name = 'v') => {
  const visitors = Array.from({ length: count }, (_, i) => newcomer(`${name}-${i}`));
  await service.room.join(saleId, visitors);
  await service.keepLogs();
};
const numbers = (count: number) => Array.from({ length: count }, (_, i) => i + 1);
const joined = async () =>
  (await eventsOf(service, saleId)).filter(({ kind }) => kind === 'joined').map((it) => it.number);

/** Another connection, as long as the test. */
function connection(): postgres.Sql {
  const sql = postgres(service.databaseUrl, { max: 1, onnotice: () => {} });
  onTestFinished(() => sql.end({ timeout: 1 }));
  return sql;
}

/** A line of the ledger about an order, as checkouts write it. */
const note = (sql: postgres.Sql | postgres.TransactionSql, action: string, orderId: string) => sql`
  insert into ledger (at, actor, action, sale_id, order_id)
  values (${iso(startMs)}::timestamptz, 'system:test', ${action}, ${saleId}, ${orderId})`;

describe('the log', () => {
  test('each of its lines about a place is one event, whoever was there names nobody', async () => {
    await joins(3);
    await testEvents(service).write();
    expect(await eventsOf(service, saleId)).toEqual(
      numbers(3).map((number) => ({ kind: 'joined', number, seq: number, count: 1 })),
    );
    const [all] = await service.database.sql`select string_agg(e::text, '') as text from events e`;
    expect(all?.text).not.toContain('v-1');
  });

  test('written by four instances at once, and again, no line is lost or doubled', async () => {
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) await joins(2_000, name);
    const instances = Array.from({ length: 4 }, () => testEvents(service));
    await Promise.all(instances.map((one) => one.write()));
    for (const one of instances) await one.write();
    expect(await joined()).toEqual(numbers(12_000));
    // Events came of it while the log went on.
    await joins(5, 'g');
    await Promise.all(instances.map((one) => one.write()));
    expect(await joined()).toEqual(numbers(12_005));
  });

  test('a writer whose connection is killed between rows and cursor has written nothing', async () => {
    await joins(2_500);
    const events = testEvents(service);
    await events.keepDays();
    const stop = await holdCursors(connection());
    const killed = events.write().catch((error: unknown) => error);
    await waitFor('the writer being killed', 10, async () => {
      const gone = await service.database.sql`
        select pg_terminate_backend(pid) from pg_stat_activity
        where wait_event = 'advisory' and query ilike '%update event_cursors%'
          and datname = current_database()`;
      return gone.length > 0;
    });
    expect(await killed).toBeInstanceOf(Error);
    await stop();
    expect(await joined()).toEqual([]);
    await waitFor('a connection', 5, async () => {
      await events.write();
      return true;
    });
    expect(await joined()).toEqual(numbers(2_500));
  });
});

/** Nobody moves a cursor, the rows being there by then, until what it gives is called. */
async function holdCursors(sql: postgres.Sql): Promise<() => Promise<void>> {
  await sql.unsafe(`
    create function held() returns trigger language plpgsql as
      'begin perform pg_advisory_xact_lock(77); return new; end';
    create trigger held before update on event_cursors for each row execute function held()`);
  await sql`select pg_advisory_lock(77)`;
  return async () => void (await sql`select pg_advisory_unlock(77)`);
}

describe('the ledger', () => {
  test('an entry that is committed after a later one is not passed over', async () => {
    const events = testEvents(service);
    const order = { saleId, productId, jti: 'jti-1', state: 'paid' as const };
    const { orderId } = await anOrder(service, order);
    const slow = connection();
    await slow`begin`;
    await note(slow, 'order.placed', orderId);
    await note(service.database.sql, 'order.paid', orderId);
    await events.write();
    await slow`commit`;
    await events.write();
    await events.write();
    const kinds = (await eventsOf(service, saleId)).map(({ kind }) => kind);
    expect(kinds).toEqual(['order.placed', 'order.paid']);
  });

  test('an order is told with its number, units and money, for each of its lines', async () => {
    const order = { saleId, productId, jti: 'jti-1', state: 'paid' as const };
    const { orderId } = await anOrder(service, order);
    await note(service.database.sql, 'order.paid', orderId);
    await note(service.database.sql, 'order.extended', orderId);
    const instances = [testEvents(service), testEvents(service), testEvents(service)];
    await Promise.all(instances.map((one) => one.write()));
    const rows = await service.database.sql`
      select kind, number::int, order_id, product_id, units, amount_minor::int, currency
      from events where sale_id = ${saleId}`;
    const money = { units: 1, amount_minor: 1_250, currency: 'EUR' };
    expect([...rows]).toEqual([
      { kind: 'order.paid', number: 1, order_id: orderId, product_id: productId, ...money },
    ]);
  });
});

describe('refusals at the door', () => {
  const refused = async () => {
    const rows = await service.database.sql`
      select reason, sum(count)::int as n from events where kind = 'refused' group by 1 order by 1`;
    return Object.fromEntries(rows.map(({ reason, n }) => [reason, n]));
  };

  test('are told once, by reason, whichever instances read the counters', async () => {
    const instances = Array.from({ length: 3 }, () => testEvents(service));
    for (const count of [3, 40, 41]) {
      await service.redis.hset(blockedKey(saleId), { banned: count, 'rate-limited': 7 });
      await Promise.all(instances.map((one) => one.writeRefusals()));
    }
    expect(await refused()).toEqual({ banned: 41, 'rate-limited': 7 });
  });

  test('that Redis has lost and counts again are not told twice', async () => {
    const events = testEvents(service);
    for (const count of [10, 8, 9, 12]) {
      await service.redis.hset(blockedKey(saleId), { banned: count });
      await events.writeRefusals();
    }
    expect(await refused()).toEqual({ banned: 12 });
  });
});

test('0 days: nothing is written', async () => {
  await joins(2);
  await service.redis.hset(blockedKey(saleId), { banned: 1 });
  const events = testEvents(service, { keptDays: 0 });
  await events.keepDays();
  await events.write();
  await events.writeRefusals();
  expect(await eventsOf(service, saleId)).toEqual([]);
});
