import { afterAll, beforeAll, expect, test } from 'vitest';
import { buy, orderInState } from './support/checkout-client.ts';
import { claimsOf, newToken, type Standing, tokenWhenAdmitted } from './support/edge-client.ts';
import { openDoors, openSale } from './support/fixtures.ts';
import { answered, mapBounded } from './support/http.ts';
import { emptyRedis } from './support/redis.ts';
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

test('Redis emptied: orders, stock and settings are untouched, issued tokens redeem, places are kept', async () => {
  const { edge, control, checkout, sql } = stack;
  const room = { ...openDoors, tokenSeconds: 60, message: 'Still here' };
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

  await emptyRedis(stack);
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
  expect(await edge.sale(saleId)).toMatchObject({ message: 'Still here', admitPerMinute: 0 });
  expect(polled.map(({ number }) => number)).toEqual(line.map(({ place }) => place.number));
  expect(newcomer.place.number).toBeGreaterThan(line.at(-1)?.place.number ?? Number.NaN);

  await control.setRoom(saleId, { admitPerMinute: 6_000 });
  for (const { ticket } of [...line, newcomer]) {
    const token = await tokenWhenAdmitted(edge, saleId, ticket, 15);
    await buy(checkout, { token, productId });
  }
}

test('a setting that was answered is kept, though the queue service is killed and Redis emptied', async () => {
  const { edge, control } = stack;
  const sale = await openSale(control, edge, { units: 4 });
  await control.setRoom(sale.saleId, { message: 'Kept', admitPerMinute: 7 });
  stack.kill('queue-service');
  await emptyRedis(stack);
  await stack.whole();
  await waitFor('the room being made anew', 20, async () => {
    const { message, admitPerMinute } = await edge.sale(sale.saleId);
    return message === 'Kept' && admitPerMinute === 7;
  });
});

test('Redis emptied: whoever was let in has the same token again, and whose token lapsed comes in behind', async () => {
  const { edge, control, checkout } = stack;
  const room = { admitPerMinute: 600, maxActive: 500, tokenSeconds: 5 };
  const sale = await openSale(control, edge, { units: 200, room });
  const { saleId, productId } = sale;
  const idle = await edge.join(saleId);
  const dead = await tokenWhenAdmitted(edge, saleId, idle.ticket);
  await waitFor('its token having lapsed', 20, async () => {
    const rows = await stack.sql`
      select from redemptions where sale_id = ${saleId} and kind = 'lapsed'`;
    return rows.length === 1;
  });
  await control.setRoom(saleId, { tokenSeconds: 60 });
  const buyer = await edge.join(saleId);
  const before = claimsOf(await tokenWhenAdmitted(edge, saleId, buyer.ticket));
  await waitFor('a checkpoint with both', 5, async () => {
    const [row] = await stack.sql`select next from room_checkpoints where sale_id = ${saleId}`;
    return Number(row?.next) >= buyer.place.number;
  });

  await emptyRedis(stack);
  await stack.whole();
  await waitFor('the lapse being remembered', 20, async () => {
    const place = await edge.poll(saleId, idle.ticket);
    return place.state === 'expired' && place.stale !== true;
  });
  const path = `/api/sales/${saleId}/place`;
  const joined = await edge.raw(path, { method: 'POST', bearer: idle.ticket, json: {} });
  const again = answered(joined, 201, joinShape);
  expect(again.place.number).toBeGreaterThan(buyer.place.number);

  const token = await tokenWhenAdmitted(edge, saleId, buyer.ticket, 40);
  expect(claimsOf(token).jti).toBe(before.jti);
  await buy(checkout, { token, productId });
  const fresh = await tokenWhenAdmitted(edge, saleId, again.ticket, 40);
  expect(claimsOf(fresh).jti).not.toBe(claimsOf(dead).jti);
  await buy(checkout, { token: fresh, productId });
});
