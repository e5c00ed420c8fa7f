import { roomKey } from '@fairgate/shared/room/keys.ts';
import { nodeScripts } from '@fairgate/shared/room/node-scripts.ts';
import { redisRoom } from '@fairgate/shared/room/redis-room.ts';
import type { RoomFigures } from '@fairgate/shared/room/room.ts';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { verify } from '../scripts/verify/run.ts';
import { buy } from './support/checkout-client.ts';
import { tokenWhenAdmitted } from './support/edge-client.ts';
import { openDoors, openSale } from './support/fixtures.ts';
import { answered, mapBounded } from './support/http.ts';
import { saveRedis } from './support/redis.ts';
import { joinShape } from './support/shapes.ts';
import { type SharedStack, sharedStack } from './support/stack.ts';
import { waitFor } from './support/wait.ts';
import { joinCrowd, lineInRedis, pollAsAsked, type Waiter } from './support/waiting-crowd.ts';

let stack: SharedStack;
beforeAll(async () => {
  stack = await sharedStack();
});
afterAll(async () => {
  await stack?.whole();
  await stack?.close();
});

/** What the line stands still for, until those whose places are lost have polled again. */
const reassemblyMs = 12_000;
const room = { ...openDoors, admitPerMinute: 120, maxActive: 500, abandonSeconds: 60 };

/** The room's figures, undefined while Redis is away. */
function figuresOf(saleId: string): () => Promise<RoomFigures | undefined> {
  const redis = new Redis(stack.info().redisUrl, { maxRetriesPerRequest: 0 });
  redis.on('error', () => undefined);
  onTestFinished(() => redis.disconnect());
  const own = redisRoom(redis, nodeScripts());
  return async () => (await own.figures(saleId).catch(() => null)) ?? undefined;
}

/** As somebody who tries again while Redis is away. */
async function joinMeanwhile(saleId: string): Promise<number> {
  return await waitFor('a place', 30, async () => {
    const path = `/api/sales/${saleId}/place`;
    const answer = await stack.edge.raw(path, { method: 'POST', json: {} });
    return answer.status === 201 ? answered(answer, 201, joinShape).place.number : undefined;
  });
}

test('a Redis that lacks its last second: all are back under their old numbers within a minute of polling, no number is given twice, none passes another, none buys twice', async () => {
  const { edge, control, checkout } = stack;
  const sale = await openSale(control, edge, { units: 400, room });
  const { saleId, productId } = sale;
  const figures = figuresOf(saleId);
  const crowd = await joinCrowd(edge, saleId, 200);
  const front = crowd.toSorted((a, b) => a.number - b.number);
  const buyAt = async (at: number) => {
    const token = await tokenWhenAdmitted(edge, saleId, front[at]?.standing.ticket ?? '', 60);
    return await buy(checkout, { token, productId });
  };
  await mapBounded([0, 1, 2], 3, buyAt);

  // A second or more in which people join, are let in, take tokens and buy, and which is lost.
  const saved = saveRedis(stack);
  const before = (await figures())?.admittedTotal ?? 0;
  const [lost] = await Promise.all([
    joinCrowd(edge, saleId, 30),
    buyAt(before),
    waitFor('more being let in', 10, async () => {
      return ((await figures())?.admittedTotal ?? 0) >= before + 2;
    }),
  ]);
  const all: Waiter[] = [...crowd, ...lost];
  const epoch = (await figures())?.epoch ?? 0;
  saved.loseSince();
  const killedAtMs = Date.now();
  const found = await waitFor('Redis being back', 10, figures);
  expect(found.admittedTotal).toBeLessThan(before + 2);
  expect(found.joinedTotal).toBeLessThan(all.length);

  let firstLetInAtMs = 0;
  const isBack = async () => {
    const now = await figures();
    if (firstLetInAtMs === 0 && now && now.admittedTotal > found.admittedTotal) {
      firstLetInAtMs = Date.now();
    }
    return firstLetInAtMs > 0 && (await areKnown(saleId, all));
  };
  // That each is shown the old number is checked with each poll.
  const [newcomers] = await Promise.all([
    mapBounded(Array.from({ length: 10 }), 2, () => joinMeanwhile(saleId)),
    pollAsAsked(edge, saleId, all, 60, isBack),
  ]);
  await stack.whole();
  expect(firstLetInAtMs - killedAtMs).toBeGreaterThanOrEqual(reassemblyMs);
  expect((await figures())?.epoch).toBe(epoch + 1);
  const numbers = [...all.map(({ number }) => number), ...newcomers];
  expect(new Set(numbers).size).toBe(numbers.length);
  expect(Math.min(...newcomers)).toBeGreaterThan(Math.max(...all.map(({ number }) => number)));

  await frontIsLetIn(saleId, all);
  await mapBounded([1, 2, 3], 3, (further) => buyAt(before + further));
  const { orders, sold } = await stack.addsUp(sale);
  expect([orders, sold]).toEqual([7, 7]);
  const twice = await stack.sql`
    select visitor from redemptions where sale_id = ${saleId} and kind = 'order'
    group by visitor having count(*) > 1`;
  expect(twice).toHaveLength(0);
  await logTellsOfIt(saleId);
}, 180_000);

/** Each waits in the line or has a place of another kind. */
async function areKnown(saleId: string, all: readonly Waiter[]): Promise<boolean> {
  const { redisUrl } = stack.info();
  const redis = new Redis(redisUrl, { retryStrategy: () => null });
  redis.on('error', () => undefined);
  try {
    const line = await lineInRedis(redisUrl, saleId);
    const known = new Set([...line, ...(await redis.hkeys(roomKey(saleId, 'places')))]);
    return all.every(({ visitor }) => known.has(visitor));
  } catch {
    return false;
  } finally {
    redis.disconnect();
  }
}

/** Whoever is let in stands ahead of all who are not. */
async function frontIsLetIn(saleId: string, all: readonly Waiter[]): Promise<void> {
  const { edge, control } = stack;
  await control.setRoom(saleId, { admitPerMinute: 0 });
  await waitFor('the doors being shut', 5, async () => {
    return (await edge.sale(saleId)).admitPerMinute === 0;
  });
  const inOrder = all.toSorted((a, b) => a.number - b.number);
  const states = await mapBounded(inOrder, 20, async ({ standing }) => {
    return (await edge.poll(saleId, standing.ticket)).state;
  });
  const waiting = states.map((state) => state === 'waiting');
  expect(waiting).toEqual(waiting.toSorted((a, b) => Number(a) - Number(b)));
  expect(waiting).toContain(false);
  expect(waiting).toContain(true);
  await control.setRoom(saleId, { admitPerMinute: 600 });
}

/** The log goes on behind a jump, and anybody can verify it. */
async function logTellsOfIt(saleId: string): Promise<void> {
  const { edge } = stack;
  const lines = await waitFor('the log telling of it', 20, async () => {
    const { text } = await edge.raw(`/api/sales/${saleId}/fairness/log`);
    const read = text.trim().split('\n');
    return read.some((line) => line.includes('recovered')) ? read : undefined;
  });
  expect(lines.filter((line) => line.includes('recovered'))).toHaveLength(1);
  const { exitCode, lines: told } = await verify('log', [stack.info().edgeUrl, saleId]);
  expect([exitCode, told]).toEqual([0, expect.anything()]);
}
