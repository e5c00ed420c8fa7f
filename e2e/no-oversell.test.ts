import { afterAll, beforeAll, expect, test } from 'vitest';
import { newToken } from './support/edge-client.ts';
import { openDoors, openSale } from './support/fixtures.ts';
import { answered, mapBounded } from './support/http.ts';
import { expectProblem } from './support/problem.ts';
import { redemptionShape } from './support/shapes.ts';
import { type SharedStack, sharedStack } from './support/stack.ts';
import { checkingThroughout } from './support/wait.ts';

let stack: SharedStack;
beforeAll(async () => {
  stack = await sharedStack();
});
afterAll(() => stack?.close());

test('300 concurrent redemptions for 100 units over both instances sell 100 different units', async () => {
  const { edge, control, instances } = stack;
  const room = { ...openDoors, guaranteeStock: false };
  const sale = await openSale(control, edge, { units: 100, room });
  const shoppers = Array.from({ length: 300 });
  const tokens = await mapBounded(shoppers, 40, () => newToken(edge, sale.saleId));
  expect(new Set(tokens).size).toBe(300);

  const purchase = (token: string) => ({ token, productId: sale.productId });
  const answers = await checkingThroughout(
    async () => void (await stack.addsUp(sale)),
    () =>
      Promise.all(tokens.map((token, i) => instances[i % 2 ? 1 : 0].tryRedeem(purchase(token)))),
  );

  const won = answers.filter((answer) => answer.status === 201);
  const lost = answers.filter((answer) => answer.status !== 201);
  expect(won).toHaveLength(100);
  for (const answer of lost) expectProblem(answer, 'sold-out');
  const redeemed = won.map((answer) => answered(answer, 201, redemptionShape));
  const units = redeemed.flatMap(({ order }) => order.items.flatMap((item) => item.units));
  expect(units).toHaveLength(100);
  expect(new Set(units).size).toBe(100);
  expect(new Set(redeemed.map(({ order }) => order.id)).size).toBe(100);
  expect(await stack.addsUp(sale)).toMatchObject({ free: 0, held: 100, sold: 0, orders: 100 });

  // A redemption that finds nothing left does not spend its token: a unit that comes back is had by it.
  const given = redeemed[0];
  const refused = tokens[answers.findIndex((answer) => answer.status !== 201)];
  if (given === undefined || refused === undefined) throw new Error('nobody won, or nobody lost');
  await instances[0].cancel(given.order.id, given.orderKey);
  expect(await stack.addsUp(sale)).toMatchObject({ free: 1, held: 99 });
  const second = await instances[1].redeem(purchase(refused));
  expect(second.order.items[0]?.units).toEqual(given.order.items[0]?.units);
  expect(await stack.addsUp(sale)).toMatchObject({ free: 0, held: 100, orders: 101 });
});

test('an order of several units takes all of them or none', async () => {
  const { edge, control, instances } = stack;
  const room = { ...openDoors, guaranteeStock: false, maxUnitsPerShopper: 3 };
  const sale = await openSale(control, edge, { units: 7, room });
  const shoppers = Array.from({ length: 8 });
  const tokens = await mapBounded(shoppers, 8, () => newToken(edge, sale.saleId));
  const purchase = (token: string) => ({ token, productId: sale.productId, quantity: 3 });
  const answers = await checkingThroughout(
    async () => void (await stack.addsUp(sale)),
    () =>
      Promise.all(tokens.map((token, i) => instances[i % 2 ? 1 : 0].tryRedeem(purchase(token)))),
  );
  expect(answers.filter((answer) => answer.status === 201)).toHaveLength(2);
  for (const answer of answers.filter((it) => it.status !== 201)) expectProblem(answer, 'sold-out');
  expect(await stack.addsUp(sale)).toMatchObject({ free: 1, held: 6, orders: 2 });
});
