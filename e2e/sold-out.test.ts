import { afterAll, beforeAll, expect, test } from 'vitest';
import { booksBalance, moneyBalances } from './faults/books.ts';
import { type Checkouts, startCheckouts } from './faults/checkout-processes.ts';
import { type FaultSale, seedSale, type TestToken } from './faults/sale.ts';
import { type Answer, answered, call, mapBounded } from './support/http.ts';
import { expectProblem } from './support/problem.ts';
import { paymentShape, type RedemptionAnswer, redemptionShape } from './support/shapes.ts';
import { waitFor } from './support/wait.ts';

let checkouts: Checkouts;
beforeAll(async () => {
  checkouts = await startCheckouts();
});
afterAll(() => checkouts?.stop());

const shoppers = 5_000;
const units = 500;

type Told = { answer: Answer; sentAtMs: number; atMs: number };

/** Straight to an instance: 5,000 more sockets of a proxy would tell nothing. */
async function redeem(sale: FaultSale, { token, jti }: TestToken, turn: number): Promise<Told> {
  const { url } = turn % 2 === 0 ? checkouts.first : checkouts.second;
  const sentAtMs = Date.now();
  const answer = await call(`${url}/v1/redemptions`, {
    method: 'POST',
    bearer: token,
    headers: { 'idempotency-key': `key-${jti}` },
    json: { items: [{ productId: sale.productId, quantity: 1 }] },
    timeoutMs: 150_000,
  });
  return { answer, sentAtMs, atMs: Date.now() };
}

/** Until it is said for certain: 201 or sold out; a 503 on the way says when to ask again. */
async function certain(sale: FaultSale, token: TestToken, turn: number): Promise<Told> {
  return await waitFor('an order or the end', 150, async () => {
    const told = await redeem(sale, token, turn);
    if (told.answer.status === 201) return told;
    if (told.answer.status === 503) expectProblem(told.answer, 'unavailable');
    else expectProblem(told.answer, 'sold-out');
    return told.answer.status === 409 ? told : undefined;
  });
}

const orderOf = ({ answer }: Told): RedemptionAnswer => answered(answer, 201, redemptionShape);

type Sample = { fromMs: number; toMs: number; free: number };

/** Counts the free units over and over, also those that a transaction has locked. */
function watchFree(sale: FaultSale) {
  const samples: Sample[] = [];
  let isOver = false;
  const watching = (async () => {
    while (!isOver) {
      const fromMs = Date.now();
      const [row] = await checkouts.sql`
        select count(*)::int as free from units
        where product_id = ${sale.productId} and state = 'free'`;
      samples.push({ fromMs, toMs: Date.now(), free: Number(row?.free) });
    }
  })();
  return async () => {
    isOver = true;
    await watching;
    return samples;
  };
}

/** "Sold out" was true at some moment between question and answer, as far as the samples can tell. */
function expectTrue(refused: Told[], samples: Sample[]): void {
  const lies = refused.filter(({ sentAtMs, atMs }) => {
    const before = samples.findLastIndex(({ toMs }) => toMs <= sentAtMs);
    const after = samples.findIndex(({ fromMs }) => fromMs >= atMs);
    const during = samples.slice(Math.max(0, before), after === -1 ? undefined : after + 1);
    return during.every(({ free }) => free > 0);
  });
  expect(lies).toEqual([]);
}

async function payAll(orders: RedemptionAnswer[]): Promise<void> {
  await mapBounded(orders, 20, async ({ order, orderKey }, i) => {
    const { shopper } = i % 2 === 0 ? checkouts.first : checkouts.second;
    const answer = await shopper.tryPay(order.id, orderKey, '4242424242424242');
    answered(answer, 202, paymentShape);
  });
  const ids = orders.map(({ order }) => order.id);
  await waitFor('all of them being paid', 90, async () => {
    const rows = await checkouts.sql`
      select from orders where id = any(${ids}::text[]) and state <> 'paid'`;
    return rows.length === 0;
  });
}

test('5,000 at once for 500 units: 500 orders, "sold out" only when it is true, and in the end 500 are sold', async () => {
  const sale = await seedSale(checkouts.sql, { units });
  const tokens = await Promise.all(
    Array.from({ length: shoppers }, () => checkouts.token(sale.saleId)),
  );
  const watch = watchFree(sale);
  const told = await Promise.all(tokens.map((token, i) => certain(sale, token, i)));
  const samples = await watch();
  const won = told.filter(({ answer }) => answer.status === 201).map(orderOf);
  const refused = told.filter(({ answer }) => answer.status === 409);
  expect([won.length, refused.length]).toEqual([units, shoppers - units]);
  expectTrue(refused, samples);
  expect(await booksBalance(checkouts.sql, sale)).toMatchObject({ orders: units, held: units });

  const share = units * 0.7;
  await payAll(won.slice(0, share));
  const leaving = won.slice(share).map(({ order }) => order.id);
  // Their time is moved up, so that nobody here has to wait for it.
  await checkouts.sql`
    update orders set pay_before = now() where id = any(${leaving}::text[])`;
  const watchAgain = watchFree(sale);
  const refusedAgain: Told[] = [];
  const unlucky = tokens.filter((_, i) => told[i]?.answer.status === 409);
  const again: RedemptionAnswer[] = [];
  await waitFor('what ran out being bought', 90, async () => {
    const round = unlucky.splice(0, 100);
    const answers = await mapBounded(round, 25, (token, i) => certain(sale, token, i));
    again.push(...answers.filter(({ answer }) => answer.status === 201).map(orderOf));
    refusedAgain.push(...answers.filter(({ answer }) => answer.status === 409));
    unlucky.push(...round.filter((_, i) => answers[i]?.answer.status === 409));
    return again.length === units - share;
  });
  expectTrue(refusedAgain, await watchAgain());
  await payAll(again);
  const end = await booksBalance(checkouts.sql, sale);
  expect(end).toMatchObject({ sold: units, held: 0, free: 0, paid: units });
  expect(end.orders).toBe(units + leaving.length);
  await moneyBalances(checkouts, sale);
  // Whoever was refused to the last has an unspent token.
  const spent = await checkouts.sql`
    select from redemptions where jti = any(${unlucky.map(({ jti }) => jti)}::text[])`;
  expect(spent).toHaveLength(0);
  expect(unlucky).toHaveLength(shoppers - units - again.length);
}, 400_000);

test('nobody hears "sold out" of units that another transaction has locked, and then leaves free', async () => {
  const sale = await seedSale(checkouts.sql, { units: 40 });
  const tokens = await Promise.all(Array.from({ length: 200 }, () => checkouts.token(sale.saleId)));
  const watch = watchFree(sale);
  const locked = 10;
  const seen = new Map<number, number>();
  const told = await checkouts.sql.begin(async (tx) => {
    await tx`
      select from units where product_id = ${sale.productId} order by id limit ${locked} for update`;
    const asking = tokens.map(async (token, i) => {
      const first = await redeem(sale, token, i);
      const { status } = first.answer;
      seen.set(status, (seen.get(status) ?? 0) + 1);
      return status === 503 ? await certain(sale, token, i) : first;
    });
    // Until some have waited for the locked ones in vain.
    await waitFor('refusals for now', 20, () => seen.get(201) === 30 && (seen.get(503) ?? 0) > 0);
    return { all: Promise.all(asking) };
  });
  const answers = await told.all;
  const statuses = answers.map(({ answer }) => answer.status);
  expect(statuses.filter((status) => status === 201)).toHaveLength(40);
  const refused = answers.filter(({ answer }) => answer.status === 409);
  expect(refused).toHaveLength(160);
  expectTrue(refused, await watch());
  await booksBalance(checkouts.sql, sale);
});
