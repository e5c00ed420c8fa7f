import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type LivingRedis, startLivingRedis } from './faults/own-redis.ts';
import { type EdgeClient, edgeClient, type Standing } from './support/edge-client.ts';
import { type EdgeProcess, startEdge } from './support/edge-process.ts';
import { mapBounded } from './support/http.ts';
import { type Rooms, roomsIn } from './support/rooms.ts';
import { holdsFor, waitFor } from './support/wait.ts';

let redis: LivingRedis;
let process_: EdgeProcess;
let rooms: Rooms;
let edge: EdgeClient;
beforeEach(async () => {
  redis = await startLivingRedis({ durable: true, args: ['--appendfsync', 'always'] });
  process_ = await startEdge({ redisUrl: redis.url });
  rooms = roomsIn(redis.url);
  edge = edgeClient(process_.url);
});
afterEach(async () => {
  rooms?.close();
  await process_?.stop();
  await redis?.stop();
});

/** Far less than a command's deadline: nobody waits for Redis. */
const atOnceMs = 700;

async function line(saleId: string, count: number): Promise<Standing[]> {
  const standings: Standing[] = [];
  for (let i = 0; i < count; i += 1) standings.push(await edge.join(saleId));
  return standings;
}

/** What shoppers get while Redis is away, each answer at once. */
async function shownWhileAway(saleId: string, standings: Standing[]): Promise<void> {
  const begunMs = performance.now();
  const polled = await mapBounded(standings, 10, ({ ticket }) => edge.poll(saleId, ticket));
  const sale = await edge.raw(`/api/sales/${saleId}`);
  const list = await edge.raw('/api/sales');
  const pages = await mapBounded([`/sales/${saleId}`, '/'], 2, (path) => edge.raw(path));
  const joined = await edge.raw(`/api/sales/${saleId}/place`, { method: 'POST', json: {} });
  expect(performance.now() - begunMs).toBeLessThan(atOnceMs * 3);
  for (const place of polled) expect(place).toMatchObject({ state: 'waiting', stale: true });
  expect(polled.map(({ number }) => number)).toEqual(standings.map(({ place }) => place.number));
  expect([sale, list, ...pages].map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  expect(joined.status).toBe(503);
  expect(Number(joined.headers.get('retry-after'))).toBeGreaterThan(0);
}

async function normalWithin5s(saleId: string, standings: Standing[]): Promise<void> {
  await waitFor('all being normal', 5, async () => {
    const polled = await mapBounded(standings, 10, ({ ticket }) => edge.poll(saleId, ticket));
    // By every gateway: newcomers are spread over them.
    const newcomers = await line(saleId, 6);
    expect(newcomers.every(({ place }) => place.number > standings.length)).toBe(true);
    return polled.every(({ state, stale }) => state === 'waiting' && stale !== true);
  });
}

const manners: { name: string; away(): Promise<void>; back(): Promise<void> }[] = [
  {
    name: 'hangs',
    away: async () => redis.signal('SIGSTOP'),
    back: async () => redis.signal('SIGCONT'),
  },
  { name: 'is gone', away: () => redis.kill(), back: () => redis.start() },
];

describe.each(manners)('a Redis that $name', ({ away, back }) => {
  test('is answered for from the last snapshot, at once; joins are told to come back; within 5 s of its return all is normal', async () => {
    const saleId = await rooms.open({ admitPerMinute: 0 });
    const standings = await line(saleId, 10);
    await edge.raw('/api/sales');
    await edge.raw('/');
    rooms.close();
    await away();
    await waitFor('the breaker being open', 10, async () => {
      const begunMs = performance.now();
      const joins = Array.from({ length: 6 }, () =>
        edge.raw(`/api/sales/${saleId}/place`, { method: 'POST', json: {} }),
      );
      const statuses = (await Promise.all(joins)).map(({ status }) => status);
      expect(new Set(statuses)).toEqual(new Set([503]));
      return performance.now() - begunMs < atOnceMs;
    });
    await holdsFor(2, () => shownWhileAway(saleId, standings));
    await back();
    await normalWithin5s(saleId, standings);
  });
});
