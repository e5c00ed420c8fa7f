import { afterAll, beforeAll, expect, test } from 'vitest';
import { claimsOf, newToken, tokenWhenAdmitted } from './support/edge-client.ts';
import { type Fixture, openSale } from './support/fixtures.ts';
import { type Answer, answered } from './support/http.ts';
import { expectProblem } from './support/problem.ts';
import { joinShape, redemptionShape } from './support/shapes.ts';
import { type SharedStack, sharedStack } from './support/stack.ts';
import { checkingThroughout } from './support/wait.ts';

let stack: SharedStack;
let sale: Fixture;
beforeAll(async () => {
  stack = await sharedStack();
  sale = await openSale(stack.control, stack.edge, { units: 300 });
});
afterAll(() => stack?.close());

/** The token 50 times at once, half of it to each instance. */
async function fiftyTimes(token: string, keyOf: (index: number) => string | undefined) {
  return await checkingThroughout(
    async () => void (await stack.addsUp(sale)),
    () =>
      Promise.all(
        Array.from({ length: 50 }, (_, i) => {
          const key = keyOf(i);
          const purchase = { token, productId: sale.productId };
          const idempotency = key === undefined ? {} : { idempotencyKey: key };
          return stack.instances[i % 2 ? 1 : 0].tryRedeem({ ...purchase, ...idempotency });
        }),
      ),
  );
}

/** One 201, and 49 refusals that name its order or ask to come back. */
function expectOneWinner(answers: Answer[]) {
  const won = answers.filter((answer) => answer.status === 201);
  expect(won).toHaveLength(1);
  const winner = answered(won[0]!, 201, redemptionShape);
  const lost = answers.filter((answer) => answer.status !== 201);
  expect(lost).toHaveLength(49);
  for (const answer of lost) {
    if (answer.text.includes(':conflict')) {
      expectProblem(answer, 'conflict');
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    } else {
      expect(expectProblem(answer, 'token-already-redeemed').orderId).toBe(winner.order.id);
    }
  }
  return winner;
}

async function ordersBy(visitorToken: string): Promise<number> {
  const jti = JSON.parse(atob(visitorToken.split('.')[1] ?? '')).jti as string;
  const rows = await stack.sql`select 1 from orders where jti = ${jti}`;
  return rows.length;
}

test('a token sent 50 times at once without a key is redeemed once', async () => {
  const token = await newToken(stack.edge, sale.saleId);
  expectOneWinner(await fiftyTimes(token, () => undefined));
  expect(await ordersBy(token)).toBe(1);
});

test('a token sent 50 times at once with 50 keys is redeemed once', async () => {
  const token = await newToken(stack.edge, sale.saleId);
  expectOneWinner(await fiftyTimes(token, (i) => `attempt-${i}-of-fifty`));
  expect(await ordersBy(token)).toBe(1);
});

test('a token sent 50 times at once with one key is answered with one order', async () => {
  const token = await newToken(stack.edge, sale.saleId);
  const key = 'the-one-key-of-all';
  const answers = await fiftyTimes(token, () => key);
  const stored = answers.filter((answer) => answer.status === 201);
  for (const answer of answers.filter((it) => it.status !== 201)) {
    expectProblem(answer, 'conflict');
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  }
  const fresh = stored.filter((answer) => answer.headers.get('idempotent-replayed') !== 'true');
  expect(fresh).toHaveLength(1);
  const first = answered(fresh[0]!, 201, redemptionShape);
  for (const answer of stored) {
    expect(answered(answer, 201, redemptionShape)).toEqual(first);
  }
  expect(await ordersBy(token)).toBe(1);

  const purchase = { token, productId: sale.productId, idempotencyKey: key };
  for (const instance of stack.instances) {
    const again = await instance.tryRedeem(purchase);
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(answered(again, 201, redemptionShape)).toEqual(first);
  }
  expect(await ordersBy(token)).toBe(1);
});

test('the same key with another body is refused, and the first order stays', async () => {
  const token = await newToken(stack.edge, sale.saleId);
  const purchase = { token, productId: sale.productId, idempotencyKey: 'once-and-for-all' };
  const { order, orderKey } = await stack.instances[0].redeem(purchase);
  for (const instance of stack.instances) {
    const other = { ...purchase, email: 'other@example.com' };
    expectProblem(await instance.tryRedeem(other), 'idempotency-key-reused');
  }
  expect(await stack.instances[1].order(order.id, orderKey)).toEqual(order);
  await stack.addsUp(sale);
});

test('an idempotency key belongs to its token alone', async () => {
  const tokens = [await newToken(stack.edge, sale.saleId), await newToken(stack.edge, sale.saleId)];
  const orders = await Promise.all(
    tokens.map((token) =>
      stack.checkout.redeem({
        token,
        productId: sale.productId,
        idempotencyKey: 'everyone-uses-it',
      }),
    ),
  );
  expect(orders[0]?.order.id).not.toBe(orders[1]?.order.id);
  await stack.addsUp(sale);
});

test('a shopper who leaves with a token and joins again has one token that is worth something', async () => {
  const { saleId, productId } = sale;
  const { ticket } = await stack.edge.join(saleId);
  const first = await tokenWhenAdmitted(stack.edge, saleId, ticket);
  await stack.edge.leave(saleId, ticket);
  const path = `/api/sales/${saleId}/place`;
  const again = await stack.edge.raw(path, { method: 'POST', bearer: ticket, json: {} });
  const second = answered(again, 201, joinShape);
  const token = await tokenWhenAdmitted(stack.edge, saleId, second.ticket);
  expect(claimsOf(token).jti).not.toBe(claimsOf(first).jti);
  await stack.checkout.redeem({ token, productId });
  expectProblem(await stack.checkout.tryRedeem({ token: first, productId }), 'token-expired');
  await stack.addsUp(sale);
});
