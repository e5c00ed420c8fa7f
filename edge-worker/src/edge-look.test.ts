import type { Appearance } from '@fairgate/shared/appearance.ts';
import { roomKey } from '@fairgate/shared/room/keys.ts';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { type EdgeProcess, startEdge } from '../../e2e/support/edge-process.ts';
import { call } from '../../e2e/support/http.ts';
import { type Rooms, roomsIn } from '../../e2e/support/rooms.ts';
import { freshRedisUrl } from '../../e2e/support/stores.ts';
import { waitFor } from '../../e2e/support/wait.ts';

// The built Worker, over rooms as the queue service makes them.

let edge: EdgeProcess;
let rooms: Rooms;
beforeAll(async () => {
  const redisUrl = await freshRedisUrl(afterAll);
  edge = await startEdge({ redisUrl });
  rooms = roomsIn(redisUrl);
}, 120_000);
afterAll(async () => {
  rooms?.close();
  await edge?.stop();
});

/** Opens a sale, or tells its room again, with the look of that version. */
async function open(version: number, appearance: Appearance, saleId?: string): Promise<string> {
  const text = JSON.stringify({ version, appearance });
  return await rooms.open({ appearance: text }, saleId, { appearance: { version } });
}

async function pageOf(saleId: string): Promise<string> {
  const { status, text } = await call(`${edge.url}/sales/${saleId}`);
  expect(status).toBe(200);
  return text;
}

const shows = (saleId: string, what: string) =>
  waitFor(`a page with ${what}`, 2, async () => (await pageOf(saleId)).includes(what));

/** How often Redis was asked for the look of a sale from now on; the count runs on. */
async function looksRead(saleId: string): Promise<{ count: number }> {
  const reads = { count: 0 };
  const monitor = await rooms.redis.monitor();
  onTestFinished(() => monitor.disconnect());
  const key = roomKey(saleId, 'appearance');
  monitor.on('monitor', (_time: string, [command, first]: string[]) => {
    if (command?.toLowerCase() === 'get' && first === key) reads.count += 1;
  });
  return reads;
}

test('a look is read once for any number of views, and anew within 2 s of a change', async () => {
  const saleId = await open(2, { colours: { accent: '#7a0b3b' } });
  const reads = await looksRead(saleId);
  for (let i = 0; i < 100; i += 1) expect(await pageOf(saleId)).toContain('--accent:#7a0b3b');
  expect(reads.count).toBe(1);
  await open(3, { colours: { accent: '#0b5b3b' } }, saleId);
  await shows(saleId, '--accent:#0b5b3b');
  expect(reads.count).toBe(2);
  await rooms.open({}, saleId);
  await waitFor('a page without a look', 2, async () => {
    return !(await pageOf(saleId)).includes('@media screen{:root');
  });
});

test('the policy of the page lets the shop’s colours in by their hash, and no other style', async () => {
  const saleId = await open(2, { colours: { accent: '#7a0b3b' } });
  const { headers } = await call(`${edge.url}/sales/${saleId}`);
  const policy = headers.get('content-security-policy') ?? '';
  const styles = /style-src ([^;]*)/.exec(policy)?.[1]?.split(' ') ?? [];
  expect(styles).toHaveLength(2);
  for (const style of styles) expect(style).toMatch(/^'sha256-/);
});

test('with Redis emptied the last look serves while the sale does', async () => {
  const saleId = await open(2, { colours: { accent: '#7a0b3b' } });
  expect(await pageOf(saleId)).toContain('--accent:#7a0b3b');
  await rooms.redis.flushdb();
  for (let i = 0; i < 20; i += 1) expect(await pageOf(saleId)).toContain('--accent:#7a0b3b');
});
