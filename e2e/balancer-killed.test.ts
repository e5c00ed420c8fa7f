import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkoutClient } from './support/checkout-client.ts';
import { newToken } from './support/edge-client.ts';
import { openSale } from './support/fixtures.ts';
import { answered, mapBounded } from './support/http.ts';
import { orderAnswerShape, redemptionShape } from './support/shapes.ts';
import { type SharedStack, sharedStack } from './support/stack.ts';
import { checkingThroughout } from './support/wait.ts';

let stack: SharedStack;
beforeAll(async () => {
  stack = await sharedStack();
});
afterAll(async () => {
  await stack?.whole();
  await stack?.close();
});

const count = 300;

test('behind the balancer shoppers do not notice that instances are killed, again and again', async () => {
  const sale = await openSale(stack.control, stack.edge, { units: count });
  const tokens = await mapBounded(Array.from({ length: count }), 40, () =>
    newToken(stack.edge, sale.saleId),
  );
  const { checkoutUrl, processes } = stack.info();
  expect(processes.find(({ url }) => url === checkoutUrl)?.name).toBe('balancer');
  const checkout = checkoutClient(checkoutUrl);
  let isOver = false;
  const kills = (async () => {
    for (let i = 0; !isOver || i < 4; i += 1) {
      stack.kill(i % 2 === 0 ? 'checkout-1' : 'checkout-2');
      // The next one only when both answer again: with none there is nothing to spread over.
      await stack.whole();
    }
  })();
  const orders = await checkingThroughout(
    async () => void (await stack.addsUp(sale)),
    () =>
      // A few at a time: the load is to last over several kills.
      mapBounded(tokens, 4, async (token) => {
        const placed = await checkout.tryRedeem({ token, productId: sale.productId });
        const { order, orderKey } = answered(placed, 201, redemptionShape);
        for (let i = 0; i < 10; i += 1) {
          const read = await checkout.raw(`/v1/orders/${order.id}`, { bearer: orderKey });
          expect(answered(read, 200, orderAnswerShape).order.id).toBe(order.id);
        }
        return order.id;
      }),
  );
  isOver = true;
  await kills;
  expect(new Set(orders).size).toBe(count);
  expect(await stack.addsUp(sale)).toMatchObject({ orders: count, held: count, free: 0 });
});
