import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newBoundToken, redeemBound } from './support/bound-shopper.ts';
import { type CheckoutClient, cards, checkoutClient } from './support/checkout-client.ts';
import { newToken } from './support/edge-client.ts';
import { serverEvents } from './support/events.ts';
import { type Fixture, openSale } from './support/fixtures.ts';
import { answered, mapBounded } from './support/http.ts';
import { orderAnswerShape, orderShape, paymentShape } from './support/shapes.ts';
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

const count = 300;

type Placed = { id: string; headers: Record<string, string> };

async function byApi(
  checkout: CheckoutClient,
  token: string,
  { productId }: Fixture,
): Promise<Placed> {
  const { order, orderKey } = await checkout.redeem({ token, productId });
  return { id: order.id, headers: { authorization: `Bearer ${orderKey}` } };
}

/** As a browser without a script does it; the form's key is in its page. */
async function byForm(
  checkout: CheckoutClient,
  token: string,
  { saleId, productId }: Fixture,
): Promise<Placed> {
  const fields = { sale: saleId, token, key: randomUUID(), productId, quantity: '1' };
  const answer = await checkout.raw('/checkout/redeem', {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(fields).toString(),
  });
  expect(answer.status).toBe(303);
  const id = (answer.headers.get('location') ?? '').replace('/checkout/orders/', '');
  const [cookie = ''] = (answer.headers.getSetCookie()[0] ?? '').split(';');
  return { id, headers: { cookie } };
}

/** Instances are killed in turn for as long as the work lasts, and four times at least. */
async function underKills<T>(sale: Fixture, work: () => Promise<T>): Promise<T> {
  let isOver = false;
  const kills = (async () => {
    for (let i = 0; !isOver || i < 4; i += 1) {
      stack.kill(i % 2 === 0 ? 'checkout-1' : 'checkout-2');
      // The next one only when both answer again: with none there is nothing to spread over.
      await stack.whole();
    }
  })();
  const check = async () => void (await stack.addsUp(sale));
  const result = await checkingThroughout(check, work).finally(() => {
    isOver = true;
  });
  await kills;
  return result;
}

test('behind the balancer shoppers do not notice that instances are killed, again and again', async () => {
  const sale = await openSale(stack.control, stack.edge, { units: count });
  const tokens = await mapBounded(Array.from({ length: count }), 40, () =>
    newToken(stack.edge, sale.saleId),
  );
  const { checkoutUrl, processes } = stack.info();
  expect(processes.find(({ url }) => url === checkoutUrl)?.name).toBe('balancer');
  const checkout = checkoutClient(checkoutUrl);
  const orders = await underKills(sale, () =>
    // A few at a time: the load is to last over several kills.
    mapBounded(tokens, 4, async (token, i) => {
      const redeem = i % 2 === 0 ? byApi : byForm;
      const { id, headers } = await redeem(checkout, token, sale);
      for (let reads = 0; reads < 10; reads += 1) {
        const read = await checkout.raw(`/v1/orders/${id}`, { headers });
        expect(answered(read, 200, orderAnswerShape).order.id).toBe(id);
      }
      return id;
    }),
  );
  expect(new Set(orders).size).toBe(count);
  expect(await stack.addsUp(sale)).toMatchObject({ orders: count, held: count, free: 0 });
});

test('nor do bound shoppers, who ask once for an order, pay or cancel it, and follow it', async () => {
  const count = 90;
  const sale = await openSale(stack.control, stack.edge, { units: count });
  const { checkoutUrl, edgeUrl } = stack.info();
  const checkout = checkoutClient(checkoutUrl);
  const tokens = await mapBounded(Array.from({ length: count }), 20, () =>
    newBoundToken(stack.edge, edgeUrl, sale.saleId),
  );
  const orders = await underKills(sale, () =>
    mapBounded(tokens, 6, async (token, i) => {
      const { order, orderKey } = await redeemBound(checkout, checkoutUrl, token, sale.productId);
      const untilEvent = eventsOf(`${checkoutUrl}/v1/orders/${order.id}/events`, orderKey);
      if (i % 2 === 0) {
        answered(await checkout.tryPay(order.id, orderKey, cards.pays), 202, paymentShape);
        await untilEvent('paid', 30);
      } else {
        const cancel = { method: 'POST', bearer: orderKey };
        const answer = await checkout.raw(`/v1/orders/${order.id}/cancel`, cancel);
        expect(answered(answer, 200, orderAnswerShape).order.state).toBe('cancelled');
        await untilEvent('cancelled', 20);
      }
      return order.id;
    }),
  );
  expect(new Set(orders).size).toBe(count);
  const half = count / 2;
  expect(await stack.addsUp(sale)).toMatchObject({
    orders: count,
    paid: half,
    sold: half,
    held: 0,
  });
  const twice = await stack.sql`
    select order_id from payments where sale_id = ${sale.saleId} and state = 'succeeded'
    group by order_id having count(*) > 1`;
  expect(twice).toEqual([]);
});

type UntilEvent = (state: string, seconds: number) => Promise<void>;

/** An order's stream, opened again whenever it ends, as an EventSource does. */
function eventsOf(url: string, orderKey: string): UntilEvent {
  return async (state, seconds) => {
    const end = AbortSignal.timeout(seconds * 1_000);
    await waitFor(`the event ${state}`, seconds, async () => {
      for await (const { data } of serverEvents(url, orderKey, end)) {
        if (orderShape.parse(JSON.parse(data)).state === state) return true;
      }
      return false;
    });
  };
}
