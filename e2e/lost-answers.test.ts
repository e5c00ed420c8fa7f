import { roomKey } from '@fairgate/shared/room/keys.ts';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { booksBalance, moneyBalances } from './faults/books.ts';
import { type Checkouts, startCheckouts } from './faults/checkout-processes.ts';
import { type FaultSale, seedSale } from './faults/sale.ts';
import { openRoom } from './faults/test-room.ts';
import { orderInState, type Purchase } from './support/checkout-client.ts';
import { answered, mapBounded } from './support/http.ts';
import { expectProblem } from './support/problem.ts';
import { type RedemptionAnswer, redemptionShape } from './support/shapes.ts';
import { waitFor } from './support/wait.ts';

let checkouts: Checkouts;
beforeAll(async () => {
  checkouts = await startCheckouts();
});
afterEach(() => checkouts.mend());
afterAll(() => checkouts?.stop());

type Shopper = { jti: string; purchase: Purchase };

async function shopperOf(sale: FaultSale): Promise<Shopper> {
  const { token, jti } = await checkouts.token(sale.saleId);
  return { jti, purchase: { token, productId: sale.productId, idempotencyKey: `key-${jti}` } };
}
const shoppersOf = (sale: FaultSale, count: number) =>
  Promise.all(Array.from({ length: count }, () => shopperOf(sale)));

/** Asks, with the same key, until it is a 201; everything else on the way is a 503. */
async function untilOrdered({ purchase }: Shopper, turn: number): Promise<RedemptionAnswer> {
  let asked = turn;
  const answer = await waitFor('a 201', 30, async () => {
    asked += 1;
    const given = await checkouts.all[asked % 2]!.shopper.tryRedeem(purchase);
    if (given.status !== 201) expectProblem(given, 'unavailable');
    return given.status === 201 ? given : undefined;
  });
  return answered(answer, 201, redemptionShape);
}

/** A connection to Postgres may have died with the cuts of before, and be found out only now. */
async function untilCancelled({ order, orderKey }: RedemptionAnswer): Promise<void> {
  await waitFor('the cancelling', 20, async () => {
    const path = `/v1/orders/${order.id}/cancel`;
    const given = await checkouts.first.shopper.raw(path, { method: 'POST', bearer: orderKey });
    if (given.status !== 200) expectProblem(given, 'unavailable');
    return given.status === 200;
  });
}

for (const fault of ['reset', 'never heard'] as const) {
  test(`a redemption whose COMMIT answer is lost (${fault}) is one order, and the same when asked again`, async () => {
    const sale = await seedSale(checkouts.sql, { units: 3 });
    const one = await shopperOf(sale);
    const { first, second, sql } = checkouts;
    const trap = first.ways.postgres.trap({
      on: 'to-server',
      bytes: `"jti":"${one.jti}"`,
      hold: 'to-client',
    });
    const asking = first.shopper.tryRedeem(one.purchase);
    await trap.caught;
    await waitFor('the order being committed', 5, async () => {
      return (await sql`select from redemptions where jti = ${one.jti}`).length === 1;
    });
    if (fault === 'reset') trap.reset();
    // Answered as made: nobody has to ask again.
    const redeemed = answered(await asking, 201, redemptionShape);
    const again = await second.shopper.tryRedeem(one.purchase);
    expect(answered(again, 201, redemptionShape)).toEqual(redeemed);
    expect(await booksBalance(sql, sale)).toMatchObject({ orders: 1, held: 1, free: 2 });
  });
}

test('200 redemptions over connections that are cut all the time are 200 orders', async () => {
  const sale = await seedSale(checkouts.sql, { units: 220 });
  const shoppers = await shoppersOf(sale, 200);
  const ways = checkouts.all.map((one) => one.ways.postgres);
  let isOver = false;
  let cuts = 0;
  const cutting = (async () => {
    while (!isOver) {
      const way = ways[cuts % 2]!;
      const { carried } = way.count();
      way.cutAfter(6_000, 'to-client');
      cuts += 1;
      await waitFor('some more bytes', 5, () => {
        return isOver || way.count().carried['to-client'] > carried['to-client'] + 6_000;
      }).catch(() => undefined);
    }
  })();
  const orders = await mapBounded(shoppers, 40, untilOrdered).finally(() => {
    isOver = true;
  });
  await cutting;
  expect(cuts).toBeGreaterThan(1);
  expect(new Set(orders.map(({ order }) => order.id)).size).toBe(200);
  const end = await booksBalance(checkouts.sql, sale);
  expect(end).toMatchObject({ orders: 200, held: 200, free: 20 });
  for (const one of checkouts.all) expect(one.deaths()).toBe(0);
});

test('reports whose Redis answer is lost are delivered again, and counted once', async () => {
  const sale = await seedSale(checkouts.sql, { units: 30 });
  const { redis, figures } = await openRoom(checkouts.redisUrl, sale);
  const shoppers = await shoppersOf(sale, 20);
  const { jti } = shoppers[0] as Shopper;
  const trapBoth = () =>
    checkouts.all.map(({ ways }) =>
      ways.redis.trap({ on: 'to-server', bytes: jti, hold: 'to-client' }),
    );
  const lost = trapBoth();
  const orders = await mapBounded(shoppers, 10, untilOrdered);
  await Promise.race(lost.map((trap) => trap.caught));
  await waitFor('the room having heard of it', 5, async () => {
    return (await redis.zscore(roomKey(sale.saleId, 'holding'), jti)) !== null;
  });
  // Taken by the room, and whoever told it does not know: so it is told again.
  for (const trap of lost) trap.disarm();
  const repeated = trapBoth();
  for (const trap of lost) trap.reset();
  await Promise.race(repeated.map((trap) => trap.caught));
  for (const trap of repeated) {
    trap.disarm();
    trap.release();
  }
  await mapBounded(orders.slice(0, 5), 5, untilCancelled);
  await waitFor('the outbox being empty', 20, async () => {
    const left = await checkouts.sql`
      select from outbox where topic = 'room' and sale_id = ${sale.saleId}`;
    return left.length === 0;
  });
  expect(await figures()).toMatchObject({ redeemed: 20, outstanding: 15, active: 15 });
  await waitFor('the picture of the stock', 5, async () => {
    return (await figures()).stock[sale.productId] === '15:15:0';
  });
  expect(await booksBalance(checkouts.sql, sale)).toMatchObject({ held: 15, free: 15 });
});

for (const fault of ['frozen', 'reset', 'away'] as const) {
  test(`redemptions and payments go on with Redis ${fault}, and the room is told afterwards`, async () => {
    const sale = await seedSale(checkouts.sql, { units: 10 });
    const { figures } = await openRoom(checkouts.redisUrl, sale);
    const redis = checkouts.all.map(({ ways }) => ways.redis);
    for (const way of redis) {
      if (fault === 'frozen') way.freeze('to-server', 'to-client');
      if (fault !== 'frozen') way.refuse(fault === 'away');
      if (fault !== 'frozen') way.reset();
    }
    const shoppers = await shoppersOf(sale, 6);
    const begun = performance.now();
    const orders = await mapBounded(shoppers, 6, ({ purchase }, i) =>
      checkouts.all[i % 2]!.shopper.redeem(purchase),
    );
    // Redis is not in the way: nobody waits for its deadlines.
    expect(performance.now() - begun).toBeLessThan(4_000);
    const { shopper } = checkouts.first;
    for (const it of orders.slice(0, 3)) await shopper.pay(it.order.id, it.orderKey);
    for (const it of orders.slice(0, 3)) await orderInState(shopper, it, 'paid');
    await checkouts.mend();
    await waitFor('the room being told', 20, async () => {
      const { redeemed, outstanding, active, stock } = await figures();
      return `${redeemed} ${outstanding} ${active} ${stock[sale.productId]}` === '6 6 3 4:3:3';
    });
    expect(await booksBalance(checkouts.sql, sale)).toMatchObject({ sold: 3, held: 3, free: 4 });
    await moneyBalances(checkouts, sale);
  });
}
