import autocannon from 'autocannon';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { edgeClient, type Standing } from './support/edge-client.ts';
import { type EdgeProcess, startEdge } from './support/edge-process.ts';
import { mapBounded } from './support/http.ts';
import { type Rooms, roomsIn } from './support/rooms.ts';
import { freshRedisUrl } from './support/stores.ts';

const visitors = 1_500;
const windowSeconds = 8;
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

/** All commands that Redis has carried out, those inside of scripts included, less this question. */
async function commands(): Promise<number> {
  const found = /total_commands_processed:(\d+)/.exec(await rooms.redis.info('stats'));
  return Number(found?.[1]);
}

type Window = { polls: number; commands: number };

/** Polls at this rate, every visitor in turn, from connections that are there before it begins. */
async function pollsAt(saleId: string, line: Standing[], perSecond: number): Promise<Window> {
  const requests = line.map(({ ticket }) => ({ headers: { authorization: `Bearer ${ticket}` } }));
  let clients = 0;
  const before = await commands();
  const result = await autocannon({
    url: `${process_.url}/api/sales/${saleId}/place`,
    connections,
    duration: windowSeconds,
    overallRate: perSecond,
    setupClient(client) {
      clients += 1;
      client.setRequests(requests.filter((_, i) => i % connections === clients - 1));
    },
  });
  expect(result.non2xx + result.errors).toBe(0);
  return { polls: result.requests.total, commands: (await commands()) - before };
}

test('a poll ahead of the frontier costs Redis less than 0.01 commands, heartbeats and all', async () => {
  const saleId = await rooms.open({ admitPerMinute: 0, abandonSeconds: 600 });
  const edge = edgeClient(process_.url);
  const line = await mapBounded(Array.from({ length: visitors }), 50, () => edge.join(saleId));
  const quiet = await pollsAt(saleId, line, 100);
  const busy = await pollsAt(saleId, line, 1_000);
  const more = { polls: busy.polls - quiet.polls, commands: busy.commands - quiet.commands };
  expect(more.polls).toBeGreaterThan(400 * windowSeconds);
  expect(more.commands / more.polls).toBeLessThan(costMax);
}, 90_000);
