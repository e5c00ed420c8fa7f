import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newId } from '@fairgate/shared/ids.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { type EdgeClient, edgeClient } from '../../e2e/support/edge-client.ts';
import { type EdgeProcess, startEdge } from '../../e2e/support/edge-process.ts';
import { answered } from '../../e2e/support/http.ts';
import { hangs, type NearCache, startNearCache } from '../../e2e/support/near-cache.ts';
import { expectProblem } from '../../e2e/support/problem.ts';
import { type Rooms, roomsIn } from '../../e2e/support/rooms.ts';
import { saleListShape } from '../../e2e/support/shapes.ts';
import { snapshotJson } from '../../e2e/support/snapshots.ts';
import { freshRedisUrl } from '../../e2e/support/stores.ts';
import { waitFor } from '../../e2e/support/wait.ts';
import { buildEdge } from '../../scripts/stack/edge-bundle.ts';

// The built Worker with what workerd has not by itself: a dataset, which prints what it is told and
// then fails, and a cache near by.

const wrapper = `
import worker, { Gateway } from './worker.js';
export { Gateway };
const EVENTS = {
  writeDataPoint(point) {
    console.log('point ' + JSON.stringify(point));
    throw new Error('the dataset fails');
  },
};
export default { fetch: (request, env, ctx) => worker.fetch(request, { ...env, EVENTS }, ctx) };
`;

const folder = mkdtempSync(join(tmpdir(), 'fairgate-points-'));
let edge: EdgeProcess;
let cache: NearCache;
let shopper: EdgeClient;
let rooms: Rooms;
beforeAll(async () => {
  const redisUrl = await freshRedisUrl(afterAll);
  const bundle = await buildEdge(join(folder, 'bundle'));
  renameSync(join(bundle.folder, 'index.js'), join(bundle.folder, 'worker.js'));
  writeFileSync(join(bundle.folder, 'index.js'), wrapper);
  cache = await startNearCache();
  const cacheAddress = cache.address;
  edge = await startEdge({ redisUrl, bundleFolder: bundle.folder, cacheAddress });
  shopper = edgeClient(edge.url);
  rooms = roomsIn(redisUrl);
}, 120_000);
afterAll(async () => {
  rooms?.close();
  await edge?.stop();
  cache?.close();
  rmSync(folder, { recursive: true, force: true });
});

const pointSchema = z.strictObject({
  indexes: z.tuple([z.string()]),
  blobs: z.tuple([z.string(), z.string(), z.string()]),
  doubles: z.tuple([z.number()]),
});

/** What the dataset was told so far: index, blobs, weight. */
function points(): string[] {
  return [...edge.log().matchAll(/point (\{.*\})/g)].map(([, json]) => {
    const { indexes, blobs, doubles } = pointSchema.parse(JSON.parse(json ?? ''));
    return [...indexes, ...blobs, ...doubles].join(' ');
  });
}

const told = async (what: string, count = 1) =>
  await waitFor(`${what} being told`, 5, async () => {
    return points().filter((one) => one === what).length === count;
  });

test('a dataset gets a point for each join, token, page and refusal, and its failure fails nobody', async () => {
  const saleId = await rooms.open({ admitPerMinute: 600_000 });
  const { ticket } = await shopper.join(saleId);
  await told(`${saleId} join new main 1`);
  const again = { method: 'POST', json: {}, bearer: ticket };
  expect((await shopper.raw(`/api/sales/${saleId}/place`, again)).status).toBe(200);
  await told(`${saleId} join again main 1`);
  await waitFor('the admission', 10, async () => {
    return (await shopper.poll(saleId, ticket)).state === 'admitted';
  });
  await shopper.takeToken(saleId, ticket);
  await told(`${saleId} token  main 1`);
  expect((await shopper.raw(`/sales/${saleId}`)).status).toBe(200);
  await told(`${saleId} view sale  1`);
  expect((await shopper.raw('/')).status).toBe(200);
  await told(' view catalogue  1');
  const forged = await shopper.raw(`/api/sales/${saleId}/place`, { bearer: `${ticket}x` });
  expectProblem(forged, 'token-invalid');
  await told(`${saleId} refusal token-invalid  1`);
  expectProblem(await shopper.raw('/api/sales/sale_x'), 'not-found');
  await told(' refusal not-found  1');
  expect(points().join('\n')).not.toContain(ticket.split('.')[1]);
});

test('polls are told in a sample that stands for all of them', async () => {
  const saleId = await rooms.open({ admitPerMinute: 0 });
  const { ticket } = await shopper.join(saleId);
  await waitFor('a poll being told', 30, async () => {
    await Promise.all(Array.from({ length: 10 }, () => shopper.poll(saleId, ticket)));
    return points().includes(`${saleId} poll waiting main 100`);
  });
});

const heldAt = (limit: number) => `fairgate-lists /api/sales?limit=${limit}&cursor=`;
const listed = async (limit: number) => {
  const { items } = answered(await shopper.raw(`/api/sales?limit=${limit}`), 200, saleListShape);
  return items.map(({ id }) => id);
};

test('a page of the list is held near by for a second, with nothing in it of whoever asked', async () => {
  const saleId = await rooms.open();
  const headers = { accept: 'text/html', cookie: 'fg_lang=de', 'accept-language': 'ja' };
  await waitFor('its being on the page', 5, async () => {
    return (await shopper.raw('/', { headers })).text.includes(saleId);
  });
  const [head = '', body = ''] = await waitFor('its being held', 5, async () => {
    const found = cache.held.get(heldAt(24));
    return found?.includes(saleId) ? found.split('\r\n\r\n') : undefined;
  });
  expect(head.toLowerCase().split('\r\n').slice(1).sort()).toEqual([
    'cache-control: public, max-age=1',
    expect.stringMatching(/^content-length: /),
    'content-type: application/json',
  ]);
  expect(Object.keys(JSON.parse(body)).sort()).toEqual(['atMs', 'nextCursor', 'snapshots']);
});

test('what is held near by is shown; what is older, broken or never comes is asked of the room', async () => {
  const saleId = await rooms.open();
  const elsewhere = newId('sale');
  const hold = (limit: number, atMs: number) => {
    const list = { atMs, snapshots: [snapshotJson({ saleId: elsewhere })], nextCursor: null };
    cache.held.set(heldAt(limit), `HTTP/1.1 200 OK\r\n\r\n${JSON.stringify(list)}`);
  };
  await waitFor('what is held being shown', 10, async () => {
    hold(31, Date.now());
    return (await listed(31)).join() === elsewhere;
  });
  hold(32, Date.now() - 5_000);
  cache.held.set(heldAt(33), 'HTTP/1.1 200 OK\r\n\r\n{"atMs":"now"}');
  cache.held.set(heldAt(34), hangs);
  for (const limit of [32, 33, 34]) {
    const ids = await listed(limit);
    expect(ids).toContain(saleId);
    expect(ids).not.toContain(elsewhere);
  }
});
