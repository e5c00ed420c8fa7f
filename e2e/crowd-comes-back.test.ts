import { afterAll, beforeAll, expect, test } from 'vitest';
import { buy } from './support/checkout-client.ts';
import { newToken, tokenWhenAdmitted } from './support/edge-client.ts';
import { openDoors, openSale } from './support/fixtures.ts';
import { mapBounded } from './support/http.ts';
import { expectProblem } from './support/problem.ts';
import { emptyRedis } from './support/redis.ts';
import { type SharedStack, sharedStack } from './support/stack.ts';
import { waitFor } from './support/wait.ts';
import { joinCrowd, lineInRedis, pollAsAsked, type Waiter } from './support/waiting-crowd.ts';

/** FAIRGATE_E2E_WAITING makes it more, or less. */
const crowdSize = Number(process.env.FAIRGATE_E2E_WAITING ?? 5_000);
const buyers = 10;

let stack: SharedStack;
beforeAll(async () => {
  stack = await sharedStack();
});
afterAll(async () => {
  await stack?.whole();
  await stack?.close();
});

test('Redis emptied with 5,000 waiting: within a minute of polling as asked all are back under their old numbers, a ban and revocations hold, none passes another, none buys twice', async () => {
  const { edge, control, checkout, sql } = stack;
  const room = { ...openDoors, tokenSeconds: 30 };
  const sale = await openSale(control, edge, { units: crowdSize, room });
  const { saleId, productId } = sale;
  const first = await mapBounded(Array.from({ length: buyers }), 5, () => newToken(edge, saleId));
  await mapBounded(first, 5, (token) => buy(checkout, { token, productId }));
  await control.setRoom(saleId, { admitPerMinute: 0 });
  await waitFor('the doors being shut', 3, async () => {
    return (await edge.sale(saleId)).admitPerMinute === 0;
  });
  const all = await joinCrowd(edge, saleId, crowdSize);
  const [banned, revoked, inRange] = all.slice(Math.floor(crowdSize / 2));
  if (!banned || !revoked || !inRange) throw new Error('there is nobody to ban or revoke');
  const out = [banned, revoked, inRange];
  const crowd = all.filter((waiter) => !out.includes(waiter));
  const json = { kind: 'visitor', value: banned.visitor, reason: 'A test' };
  expect((await control.raw('/v1/bans', { method: 'POST', json })).status).toBe(201);
  await revoke(saleId, { visitor: revoked.visitor });
  await revoke(saleId, { numbers: { from: inRange.number, to: inRange.number } });
  await waitFor('a checkpoint with all numbers', 10, async () => {
    const [row] = await sql`select next from room_checkpoints where sale_id = ${saleId}`;
    return Number(row?.next) >= crowdSize + buyers;
  });

  await emptyRedis(stack);
  const isBack = async () => {
    const line = await lineInRedis(stack.info().redisUrl, saleId).catch(() => []);
    return line.length >= crowd.length;
  };
  await pollAsAsked(edge, saleId, crowd, 60, isBack);
  await stack.whole();

  // That each is shown the old number was checked with each poll.
  const found = await lineInRedis(stack.info().redisUrl, saleId);
  expect(found).toEqual(crowd.toSorted((a, b) => a.number - b.number).map((it) => it.visitor));
  const polled = async ({ standing }: Waiter) =>
    await edge.raw(`/api/sales/${saleId}/place`, { bearer: standing.ticket });
  expectProblem(await polled(banned), 'banned');
  expectProblem(await polled(inRange), 'token-revoked');
  // What was revoked singly is known by the heartbeat's answer.
  await waitFor('the other one being told', 10, async () => {
    return (await polled(revoked)).text.includes(':token-revoked');
  });
  await frontIsLetIn(saleId, productId, crowd);
  const { orders, sold } = await stack.addsUp(sale);
  expect([orders, sold]).toEqual([buyers * 2, buyers * 2]);
  const twice = await sql`
    select visitor from redemptions where sale_id = ${saleId} and kind = 'order'
    group by visitor having count(*) > 1`;
  expect(twice).toHaveLength(0);
}, 180_000);

async function revoke(saleId: string, json: unknown): Promise<void> {
  const answer = await stack.control.raw(`/v1/sales/${saleId}/revoke`, { method: 'POST', json });
  expect(answer.status).toBe(200);
}

/** Whoever is let in stood ahead of all who are not; the first of them buy. */
async function frontIsLetIn(saleId: string, productId: string, crowd: Waiter[]): Promise<void> {
  const { edge, control, checkout } = stack;
  const front = crowd.toSorted((a, b) => a.number - b.number).slice(0, 400);
  await control.setRoom(saleId, { admitPerMinute: 3_000, tokenSeconds: 120 });
  const states = async () => {
    const places = await mapBounded(front, 20, ({ standing }) =>
      edge.poll(saleId, standing.ticket),
    );
    return places.map(({ state }) => state);
  };
  await waitFor('some being let in', 60, async () => {
    const seen = await states();
    return seen.filter((state) => state === 'admitted').length >= buyers;
  });
  await control.setRoom(saleId, { admitPerMinute: 0 });
  const now = await waitFor('the line being at rest', 10, async () => {
    const [seen, again] = [await states(), await states()];
    return `${seen}` === `${again}` ? again : undefined;
  });
  const admitted = now.filter((state) => state === 'admitted').length;
  expect(now).toEqual(now.map((_, i) => (i < admitted ? 'admitted' : 'waiting')));
  await mapBounded(front.slice(0, buyers), 5, async ({ standing }) => {
    const token = await tokenWhenAdmitted(edge, saleId, standing.ticket);
    await buy(checkout, { token, productId });
  });
}
