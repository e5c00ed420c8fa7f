import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buy, orderInState } from './support/checkout-client.ts';
import { newToken, type Standing, tokenWhenAdmitted } from './support/edge-client.ts';
import { openDoors, openSale } from './support/fixtures.ts';
import { answered, mapBounded } from './support/http.ts';
import { joinShape } from './support/shapes.ts';
import { type SharedStack, sharedStack } from './support/stack.ts';
import { waitFor } from './support/wait.ts';

let stack: SharedStack;
beforeAll(async () => {
  stack = await sharedStack();
});
afterAll(async () => {
  await stack?.whole();
  await stack?.close();
});

/** Empties Redis and kills it, so that what comes back knows nothing. */
async function emptyRedis(): Promise<void> {
  const redis = new Redis(stack.info().redisUrl, { lazyConnect: true });
  await redis.connect();
  expect(await redis.dbsize()).toBeGreaterThan(0);
  await redis.flushall('SYNC');
  redis.disconnect();
  stack.kill('redis');
}

test('Redis emptied: orders and stock are untouched, issued tokens redeem, places are kept', async () => {
  const { edge, control, checkout, sql } = stack;
  const room = { ...openDoors, tokenSeconds: 60 };
  const sale = await openSale(control, edge, { units: 100, room });
  const { saleId, productId } = sale;
  const tokens = await mapBounded(Array.from({ length: 12 }), 12, () => newToken(edge, saleId));
  const paid = await mapBounded(tokens.slice(0, 3), 3, (token) =>
    buy(checkout, { token, productId }),
  );
  const held = await mapBounded(tokens.slice(3, 6), 3, (token) =>
    checkout.redeem({ token, productId }),
  );
  await control.setRoom(saleId, { admitPerMinute: 0 });
  await waitFor('the doors being shut', 3, async () => {
    return (await edge.sale(saleId)).admitPerMinute === 0;
  });
  const line: Standing[] = [];
  for (let i = 0; i < 5; i += 1) line.push(await edge.join(saleId));
  expect((await edge.poll(saleId, line[0]!.ticket)).state).toBe('waiting');
  await waitFor('a checkpoint with all numbers', 5, async () => {
    const [row] = await sql`select next from room_checkpoints where sale_id = ${saleId}`;
    return Number(row?.next) >= (line.at(-1)?.place.number ?? Number.NaN);
  });
  const before = await stack.addsUp(sale);
  expect(before).toMatchObject({ sold: 3, held: 3, free: 94, orders: 6 });

  await emptyRedis();
  // Redis is not in the way of whoever holds a token, while it is away and when it is back.
  const whileAway = await checkout.redeem({ token: tokens[6]!, productId });
  await stack.whole();
  expect(await stack.addsUp(sale)).toMatchObject({ sold: 3, held: 4, free: 93, orders: 7 });
  for (const { order, orderKey } of paid) {
    expect(await checkout.order(order.id, orderKey)).toEqual(order);
  }
  const after = await mapBounded(tokens.slice(7), 5, (token) =>
    buy(checkout, { token, productId }),
  );
  expect(after.every(({ order }) => order.state === 'paid')).toBe(true);
  for (const redeemed of [...held, whileAway]) {
    await checkout.pay(redeemed.order.id, redeemed.orderKey);
    await orderInState(checkout, redeemed, 'paid');
  }
  expect(await stack.addsUp(sale)).toMatchObject({ sold: 12, held: 0, free: 88, orders: 12 });

  await joinersAreAdmittedAgain(saleId, line, productId);
  expect(await stack.addsUp(sale)).toMatchObject({ sold: 18, held: 0, free: 82, orders: 18 });
});

/** The line stands as it stood, and a newcomer comes in behind it. */
async function joinersAreAdmittedAgain(saleId: string, line: Standing[], productId: string) {
  const { edge, control, checkout } = stack;
  const newcomer = await waitFor('joining again', 10, async () => {
    const answer = await edge.raw(`/api/sales/${saleId}/place`, { method: 'POST', json: {} });
    return answer.status === 201 ? answered(answer, 201, joinShape) : undefined;
  });
  const polled = await waitFor('the line being back', 10, async () => {
    const places = await Promise.all(line.map(({ ticket }) => edge.poll(saleId, ticket)));
    return places.every(({ state, stale }) => state === 'waiting' && !stale) ? places : undefined;
  });
  expect(polled.map(({ number }) => number)).toEqual(line.map(({ place }) => place.number));
  expect(newcomer.place.number).toBeGreaterThan(line.at(-1)?.place.number ?? Number.NaN);

  await control.setRoom(saleId, { admitPerMinute: 6_000 });
  for (const { ticket } of [...line, newcomer]) {
    const token = await tokenWhenAdmitted(edge, saleId, ticket, 15);
    await buy(checkout, { token, productId });
  }
}
