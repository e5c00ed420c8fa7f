import autocannon, { type Options, type Result } from 'autocannon';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { edgeClient, type Standing } from './support/edge-client.ts';
import { type EdgeProcess, startEdge } from './support/edge-process.ts';
import { mapBounded } from './support/http.ts';
import { type Rooms, roomsIn } from './support/rooms.ts';
import { freshRedisUrl } from './support/stores.ts';

const visitors = 1_500;
const windowSecondsMin = 8;
/** So many more at the higher rate, that a command more or less says nothing. */
const morePolls = 3_200;
const snapshotsPerSecond = 1;
const connections = 25;
const costMax = 0.01;

let process_: EdgeProcess;
let rooms: Rooms;
beforeAll(async () => {
  const redisUrl = await freshRedisUrl(afterAll);
  process_ = await startEdge({ redisUrl });
  rooms = roomsIn(redisUrl);
});
afterAll(async () => {
  rooms?.close();
  await process_?.stop();
});

type Commands = { all: number; snapshots: number };

/** All commands that Redis has carried out, those inside of scripts included, less this question. */
async function commands(): Promise<Commands> {
  const stats = await rooms.redis.info('commandstats');
  const calls = [...stats.matchAll(/cmdstat_(\S+):calls=(\d+)/g)];
  const of = (wanted: (name: string) => boolean) =>
    calls.reduce((sum, [, name = '', count]) => sum + (wanted(name) ? Number(count) : 0), 0);
  // Of what the edge sends, a snapshot alone writes with SET.
  return { all: of((name) => name !== 'info'), snapshots: of((name) => name === 'set') };
}

/** Right after a snapshot, so that each window holds whole rounds of the work that time brings. */
async function afterSnapshot(atLeast = 0): Promise<Commands> {
  const from = Math.max((await commands()).snapshots + 1, atLeast);
  return await vi.waitFor(
    async () => {
      const now = await commands();
      expect(now.snapshots).toBeGreaterThanOrEqual(from);
      return now;
    },
    { timeout: 30_000, interval: 20 },
  );
}

type Window = { polls: number; commands: number; seconds: number };

/**
 * Polls at this rate, every visitor in turn. What is counted begins when all connections have had
 * an answer, and goes on until there is enough: a slow machine takes longer.
 */
async function pollsAt(
  saleId: string,
  line: Standing[],
  perSecond: number,
  isEnough: (window: Window) => boolean,
): Promise<Window> {
  const requests = line.map(({ ticket }) => ({ headers: { authorization: `Bearer ${ticket}` } }));
  let clients = 0;
  let answers = 0;
  const ended = Promise.withResolvers<Result>();
  const options: Options = {
    url: `${process_.url}/api/sales/${saleId}/place`,
    connections,
    // It is stopped when the window is over.
    duration: 120,
    overallRate: perSecond,
    setupClient(client) {
      clients += 1;
      client.setRequests(requests.filter((_, i) => i % connections === clients - 1));
      client.on('response', () => {
        answers += 1;
      });
    },
  };
  const load = autocannon(options, (error: unknown, result) => {
    if (error) ended.reject(error);
    else ended.resolve(result);
  });
  await vi.waitFor(() => expect(answers).toBeGreaterThan(perSecond), { timeout: 20_000 });
  const before = { ...(await afterSnapshot()), answers, atMs: performance.now() };
  let last = before.snapshots;
  let window: Window;
  do {
    last += windowSecondsMin * snapshotsPerSecond;
    const { all } = await afterSnapshot(last);
    window = {
      polls: answers - before.answers,
      commands: all - before.all,
      seconds: (performance.now() - before.atMs) / 1_000,
    };
  } while (!isEnough(window));
  load.stop();
  const { non2xx, errors } = await ended.promise;
  expect(non2xx + errors).toBe(0);
  return window;
}

/** What one window has more than another one would have in the same time. */
function moreThan(other: Window, { polls, commands, seconds }: Window) {
  const times = seconds / other.seconds;
  return { polls: polls - other.polls * times, commands: commands - other.commands * times };
}

test('a poll ahead of the frontier costs Redis less than 0.01 commands, heartbeats and all', async () => {
  const saleId = await rooms.open({ admitPerMinute: 0, abandonSeconds: 600 });
  const edge = edgeClient(process_.url);
  const line = await mapBounded(Array.from({ length: visitors }), 50, () => edge.join(saleId));
  const quiet = await pollsAt(saleId, line, 100, () => true);
  const busy = await pollsAt(saleId, line, 1_000, (window) => {
    return moreThan(quiet, window).polls > morePolls;
  });
  const more = moreThan(quiet, busy);
  expect(more.commands / more.polls).toBeLessThan(costMax);
}, 240_000);
