import { afterAll, beforeAll, expect, test } from 'vitest';
import { freshDatabaseUrl } from '../../../e2e/support/stores.ts';
import { connectDatabase, type DatabaseClient } from '../db/client.ts';
import { migrateDatabase } from '../db/migrate.ts';
import { firstHead, nextHead } from '../draw/chain.ts';
import { commitmentOf, newDrawSecret } from '../draw/commitment.ts';
import { type DrawRoom, makeDrawing, type RoomDraw, randomnessMsMax } from '../draw/drawing.ts';
import { drawKey } from '../draw/key.ts';
import { permutation } from '../draw/permutation.ts';
import { RandomnessAway } from '../draw/randomness.ts';
import { newId } from '../ids.ts';
import { logAudits } from './auditing.ts';
import { drainLog } from './drain.ts';
import { fairnessOf } from './fairness.ts';
import { postgresLog } from './postgres-log.ts';

let client: DatabaseClient;
const store = postgresLog(async (work) => await work(client.sql));

beforeAll(async () => {
  const url = await freshDatabaseUrl(afterAll);
  await migrateDatabase(url);
  client = connectDatabase({ url, name: 'test', connectionsMax: 6, statementTimeoutMs: 5_000 });
});
afterAll(() => client.close());

/** A room that keeps records, as a script of records handed to it. */
function recordsOf(records: string[]) {
  let kept = records;
  const log = async (_: string, upToSeq: number, limit: number) => {
    kept = kept.filter((record) => Number(record.split(' ')[0]) > upToSeq);
    return { records: kept.slice(0, limit) };
  };
  return { log, left: () => kept, add: (more: string[]) => kept.push(...more) };
}

const joins = (n: number, from = 1) =>
  Array.from({ length: n }, (_, i) => `${from + i} 5 joined main ${from + i} - -`);

async function aSale(mode: 'fifo' | 'lottery'): Promise<{ saleId: string; secret: string }> {
  const saleId = newId('sale');
  const secret = newDrawSecret();
  await client.sql`
    insert into sales (id, name, phase, mode, currency, starts_at, room)
    values (${saleId}, 'Pens', 'open', ${mode}, 'EUR', now(), '{}'::jsonb)`;
  await client.sql`
    insert into draws (sale_id, secret, commitment)
    values (${saleId}, ${secret}, ${commitmentOf(secret)})`;
  return { saleId, secret };
}

async function body(saleId: string): Promise<string[]> {
  const lines: string[] = [];
  for (let seq = 0; ; ) {
    const blocks = await store.blocksAfter(saleId, seq);
    if (blocks.length === 0) return lines;
    for (const one of blocks) {
      lines.push(...one.body.split('\n').filter((line) => line !== ''));
      seq = one.lastSeq;
    }
  }
}

test('ten drainers at once write each line once, and the chain is whole', async () => {
  const saleId = newId('sale');
  const room = recordsOf(joins(5_000));
  await Promise.all(Array.from({ length: 10 }, () => drainLog(store, room, saleId)));
  const after = await drainLog(store, room, saleId);
  const lines = await body(saleId);
  expect(lines).toHaveLength(5_000);
  expect(after.head).toBe(lines.reduce(nextHead, firstHead(saleId)));
  expect(after.counts).toEqual({ joined: 5_000 });
  expect(room.left()).toEqual([]);
});

test('passes that joins spent are kept with their lines, once each', async () => {
  const saleId = newId('sale');
  const passed = (seq: number, pass: string, visitor: string) =>
    `${seq} 5000 joined priority ${seq} ${pass} ${visitor}`;
  const room = recordsOf([...joins(1), passed(2, 'passA', 'v2'), passed(3, 'passB', 'v3')]);
  const whole = { log: async () => ({ records: room.left() }) };
  await Promise.all([drainLog(store, whole, saleId), drainLog(store, whole, saleId)]);
  room.add([passed(4, 'passA', 'v4')]);
  await drainLog(store, room, saleId);
  const rows = await client.sql`
    select pass_id, visitor, number::int, extract(epoch from at)::float8 as at
    from spent_passes where sale_id = ${saleId} order by pass_id`;
  expect([...rows]).toEqual([
    { pass_id: 'passA', visitor: 'v2', number: 2, at: 5 },
    { pass_id: 'passB', visitor: 'v3', number: 3, at: 5 },
  ]);
  expect((await body(saleId)).join()).not.toContain('passA');
});

test('a drainer that dies after its commit has lost nothing, and its records come no second time', async () => {
  const saleId = newId('sale');
  const room = recordsOf(joins(3));
  await drainLog(store, { log: async () => ({ records: room.left() }) }, saleId);
  expect(room.left()).toHaveLength(3);
  room.add(joins(2, 4));
  await drainLog(store, room, saleId);
  expect((await body(saleId)).map((line) => JSON.parse(line).seq)).toEqual([1, 2, 3, 4, 5]);
});

test('no line of a log can be changed, deleted or cut off', async () => {
  const saleId = newId('sale');
  await drainLog(store, recordsOf(joins(1)), saleId);
  const refused = /append-only/;
  await expect(client.sql`update log_blocks set body = ''`).rejects.toThrow(refused);
  await expect(client.sql`delete from log_blocks`).rejects.toThrow(refused);
  await expect(client.sql`truncate log_blocks`).rejects.toThrow(refused);
});

/** A room that draws in three steps, and tells of it in its log. */
function drawingRoom(records: string[], entrants: number) {
  const kept = recordsOf(records);
  const draw: RoomDraw = { lobbyLast: entrants, lobbySeq: records.length, drawn: false };
  const given: unknown[] = [];
  const room: DrawRoom = {
    log: kept.log,
    figures: async () => ({ draw: { ...draw } }),
    async draw(_, finished) {
      given.push(finished);
      if (given.length % 3 !== 0) return 'more';
      draw.drawn = true;
      kept.add([`${records.length + 1} 9 drawn main 0 ${entrants}`]);
      return 'drawn';
    },
  };
  return { room, given, drawn: () => draw.drawn };
}

const lobby = (n: number, closedAt: number) => [
  ...joins(n),
  `${n + 1} ${closedAt} closed-lobby main 0 ${n}`,
];

test('a draw is made of the secret, of the head of the lobby and of nothing else, once', async () => {
  const { saleId, secret } = await aSale('lottery');
  const { room, given } = drawingRoom(lobby(7, 1_000), 7);
  const randomness = async () => '';
  const draw = makeDrawing({ store, room, randomness, now: Date.now });
  const before = await store.fairness(saleId);
  expect(fairnessOf(before!)).toMatchObject({ drawSeed: null, drawKey: null });
  await Promise.all([draw(saleId), draw(saleId)]);
  expect(await draw(saleId)).toBe('drawn');
  await drainLog(store, room, saleId);

  const after = fairnessOf((await store.fairness(saleId))!);
  const lobbyHead = (await body(saleId)).slice(0, 8).reduce(nextHead, firstHead(saleId));
  const key = drawKey({ secret, lobbyHead, randomness: '' });
  expect(after).toMatchObject({ drawSeed: secret, drawKey: key, lobbyHead, lobbySeq: 8 });
  expect(new Set(given.map((one) => JSON.stringify(one))).size).toBe(1);
  const [row] = await client.sql`
    select count(*)::int as n from ledger where sale_id = ${saleId} and action = 'sale.drawn'`;
  expect(row?.n).toBe(1);
});

test('a draw waits for its public randomness, tells why, and does without it at last', async () => {
  const { saleId } = await aSale('lottery');
  const url = 'http://127.0.0.1:9/chain';
  await client.sql`update draws set randomness_url = ${url} where sale_id = ${saleId}`;
  const closedAt = 1_000_000;
  const { room, drawn } = drawingRoom(lobby(3, closedAt), 3);
  let now = closedAt + 5_000;
  const away = async () => {
    throw new RandomnessAway('the source is away');
  };
  const draw = makeDrawing({ store, room, randomness: away, now: () => now });
  expect(await draw(saleId)).toBe('waits');
  expect(drawn()).toBe(false);
  expect((await store.draw(saleId))?.trouble).toBe('the source is away');
  now = closedAt + randomnessMsMax;
  expect(await draw(saleId)).toBe('drawn');
  expect(await store.draw(saleId)).toMatchObject({ randomness: '', trouble: null });
});

test('the head of the lobby stands before the randomness is asked for, and each is kept', async () => {
  const { saleId, secret } = await aSale('lottery');
  await client.sql`update draws set randomness_url = 'http://x' where sale_id = ${saleId}`;
  const { room } = drawingRoom(lobby(3, 5), 3);
  let asked = 0;
  const randomness = async () => {
    asked += 1;
    expect((await store.draw(saleId))?.lobbyHead).toMatch(/^[0-9a-f]{64}$/);
    return `${asked}${asked}`.repeat(8);
  };
  const draw = makeDrawing({ store, room, randomness, now: Date.now });
  // Its process dies before the room has heard of it.
  await expect(
    makeDrawing({
      store,
      room: { ...room, draw: () => Promise.reject(new Error('died')) },
      randomness,
      now: Date.now,
    })(saleId),
  ).rejects.toThrow('died');
  expect(await draw(saleId)).toBe('drawn');
  const stored = await store.draw(saleId);
  expect(asked).toBe(1);
  expect(stored?.key).toBe(
    drawKey({ secret, lobbyHead: stored?.lobbyHead ?? '', randomness: '11'.repeat(8) }),
  );
});

test('the audit of a drawn sale goes by the ranks, and is the same after a restart', async () => {
  const { saleId } = await aSale('lottery');
  const { room } = drawingRoom(lobby(6, 5), 6);
  await makeDrawing({ store, room, randomness: async () => '', now: Date.now })(saleId);
  const audit = logAudits(store);
  await audit(saleId);
  await drainLog(store, room, saleId);
  const { numberAt } = permutation((await store.draw(saleId))?.key ?? '', 6);
  const order = [1, 2, 4, 3].map((rank, i) => `${9 + i} 9 admitted main ${numberAt(rank)} 1`);
  await drainLog(store, recordsOf(order), saleId);
  await audit(saleId);
  const report = await store.audit(saleId);
  expect(report).toMatchObject({ seq: 12, lanes: { main: { admitted: 4, inversions: 1 } } });
  await client.sql`update log_heads set audit = null where sale_id = ${saleId}`;
  await logAudits(store)(saleId);
  expect(await store.audit(saleId)).toEqual(report);
});
