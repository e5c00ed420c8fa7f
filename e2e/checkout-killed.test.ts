import { afterAll, beforeAll, expect, test } from 'vitest';
import { newToken } from './support/edge-client.ts';
import { openSale } from './support/fixtures.ts';
import { type Answer, answered, mapBounded } from './support/http.ts';
import { type RedemptionAnswer, redemptionShape } from './support/shapes.ts';
import { type SharedStack, sharedStack } from './support/stack.ts';
import { checkingThroughout, waitFor } from './support/wait.ts';

let stack: SharedStack;
beforeAll(async () => {
  stack = await sharedStack();
});
afterAll(async () => {
  await stack?.whole();
  await stack?.close();
});

const count = 200;

type Try = { token: string; key: string };

async function tries(saleId: string): Promise<Try[]> {
  const tokens = await mapBounded(Array.from({ length: count }), 40, () =>
    newToken(stack.edge, saleId),
  );
  return tokens.map((token, i) => ({ token, key: `redemption-${i}-of-${saleId}` }));
}

test('a checkout killed in the middle of 200 redemptions loses no order and sells none twice', async () => {
  const sale = await openSale(stack.control, stack.edge, { units: 250 });
  const all = await tries(sale.saleId);
  let answeredByFirst = 0;
  const send = async ({ token, key }: Try, i: number): Promise<Answer | undefined> => {
    const instance = stack.instances[i % 2 ? 1 : 0];
    try {
      const purchase = { token, productId: sale.productId, idempotencyKey: key };
      const answer = await instance.tryRedeem(purchase);
      if (i % 2 === 0) {
        answeredByFirst += 1;
        if (answeredByFirst === 20) stack.kill('checkout-1');
      }
      return answer;
    } catch {
      return undefined;
    }
  };
  const answers = await checkingThroughout(
    async () => void (await stack.addsUp(sale)),
    () => mapBounded(all, 60, send),
  );

  const given = answers.flatMap((answer) =>
    answer?.status === 201 ? [answered(answer, 201, redemptionShape)] : [],
  );
  expect(answers.filter((it) => it !== undefined && it.status !== 201)).toEqual([]);
  const unanswered = all.filter((_, i) => answers[i] === undefined);
  expect(unanswered.length).toBeGreaterThan(0);
  await expectInPostgres(sale.saleId, given);

  await stack.whole();
  const retried = await mapBounded(unanswered, 30, ({ token, key }, i) =>
    stack.instances[i % 2 ? 1 : 0].redeem({
      token,
      productId: sale.productId,
      idempotencyKey: key,
    }),
  );
  await expectInPostgres(sale.saleId, [...given, ...retried]);
  expect(new Set([...given, ...retried].map(({ order }) => order.id)).size).toBe(count);
  const end = await stack.addsUp(sale);
  expect(end).toMatchObject({ orders: count, awaiting: count, held: count, free: 50 });
});

test('through the edge, shoppers do not notice that a checkout is killed', async () => {
  const sale = await openSale(stack.control, stack.edge, { units: 250 });
  const all = await tries(sale.saleId);
  let done = 0;
  const orders = await checkingThroughout(
    async () => void (await stack.addsUp(sale)),
    () =>
      mapBounded(all, 40, async ({ token, key }) => {
        const purchase = { token, productId: sale.productId, idempotencyKey: key };
        const answer = await waitFor('a 201', 15, async () => {
          const given = await stack.checkout.tryRedeem(purchase);
          done += 1;
          if (done === 40) stack.kill('checkout-2');
          return given.status === 201 ? given : undefined;
        });
        return answered(answer, 201, redemptionShape);
      }),
  );
  expect(new Set(orders.map(({ order }) => order.id)).size).toBe(count);
  await expectInPostgres(sale.saleId, orders);
  expect(await stack.addsUp(sale)).toMatchObject({ orders: count, held: count, free: 50 });
});

async function expectInPostgres(saleId: string, given: RedemptionAnswer[]): Promise<void> {
  const rows = await stack.sql`
    select o.id, array_agg(u.unit_id order by u.unit_id) as units from orders o
    join order_units u on u.order_id = o.id where o.sale_id = ${saleId} group by o.id`;
  const stored = new Map(rows.map((row) => [row.id as string, row.units as string[]]));
  for (const { order } of given) {
    const units = order.items.flatMap((item) => item.units);
    expect(stored.get(order.id)).toEqual([...units].sort());
  }
}
