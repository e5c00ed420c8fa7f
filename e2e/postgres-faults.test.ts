import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { booksBalance, moneyBalances } from './faults/books.ts';
import {
  type CheckoutProcess,
  type Checkouts,
  startCheckouts,
} from './faults/checkout-processes.ts';
import { type Request, startLoad } from './faults/load.ts';
import { type OwnPostgres, type PostgresEnd, startOwnPostgres } from './faults/own-postgres.ts';
import { seedSale } from './faults/sale.ts';
import { orderInState } from './support/checkout-client.ts';
import { type Answer, call, mapBounded } from './support/http.ts';
import { expectProblem } from './support/problem.ts';
import { waitFor } from './support/wait.ts';

let postgres: OwnPostgres;
let checkouts: Checkouts;
beforeAll(async () => {
  postgres = await startOwnPostgres();
  checkouts = await startCheckouts({ databaseUrl: postgres.url });
});
afterEach(() => checkouts.mend());
afterAll(async () => {
  await checkouts?.stop();
  await postgres?.stop();
});

/** Statement, lost answer, looking it up: each has its deadline, and none of them comes twice. */
const answerMsMax = 15_000;

function expectServed({ answer, tookMs }: Request): void {
  expect(answer).toBeDefined();
  if (answer?.status !== 201) expectProblem(answer as Answer, 'unavailable');
  expect(tookMs).toBeLessThan(answerMsMax);
}

test('Postgres restarted three times under load: nobody exits, all are answered, the books balance', async () => {
  const sale = await seedSale(checkouts.sql, { units: 5_000 });
  const load = startLoad(checkouts, sale, 16);
  const answers = (name: string, fromMs: number) =>
    load.requests.filter(
      (one) => one.checkout === name && one.askedAtMs >= fromMs && one.answer?.status === 201,
    ).length;
  const bothAnswer = (fromMs: number) =>
    checkouts.all.every(({ name }) => answers(name, fromMs) > 2);
  await waitFor('the load', 20, () => bothAnswer(0));
  for (const how of ['SIGQUIT', 'SIGKILL', 'SIGINT'] satisfies PostgresEnd[]) {
    const endedAtMs = Date.now();
    await postgres.end(how);
    await waitFor('somebody being refused', 10, () =>
      load.requests.some((one) => one.askedAtMs >= endedAtMs && one.answer?.status === 503),
    );
    await postgres.start();
    const backAtMs = Date.now();
    await waitFor(`all being served again after ${how}`, 10, () => bothAnswer(backAtMs));
  }
  await load.finish();

  for (const request of load.requests) expectServed(request);
  for (const one of checkouts.all) expect([one.deaths(), one.alive()]).toEqual([0, true]);
  const ids = new Set([...load.orders.values()].map(({ order }) => order.id));
  expect(ids.size).toBe(load.orders.size);
  const end = await booksBalance(checkouts.sql, sale);
  expect(end).toMatchObject({ orders: ids.size, held: ids.size });

  // Nothing is left unsettled: what was ordered can be paid, and is sold.
  const some = [...load.orders.values()].slice(0, 10);
  const { shopper } = checkouts.second;
  await mapBounded(some, 5, async (it) => {
    // The first one may find a connection that died with the server.
    await waitFor('the payment being taken', 10, () =>
      shopper.pay(it.order.id, it.orderKey).then(() => true),
    );
    await orderInState(shopper, it, 'paid');
  });
  expect(await booksBalance(checkouts.sql, sale)).toMatchObject({ sold: 10 });
  await moneyBalances(checkouts, sale);
});

const residentMiB = (one: CheckoutProcess) => {
  const status = readFileSync(`/proc/${one.pid()}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1_024;
};

test('a frozen Postgres: everybody is told 503 in time, nothing piles up, and all is well after the thaw', async () => {
  const sale = await seedSale(checkouts.sql, { units: 50 });
  const { first } = checkouts;
  const tokens = await Promise.all(
    Array.from({ length: 2_400 }, () => checkouts.token(sale.saleId)),
  );
  const before = residentMiB(first);
  const connections = first.ways.postgres.count().opened;
  for (const { ways } of checkouts.all) ways.postgres.freeze('to-server', 'to-client');
  let asked = 0;
  const ask = async ({ token, jti }: (typeof tokens)[number]) => {
    const begun = Date.now();
    asked += 1;
    // Straight to it: the proxy would need two sockets more for each.
    const answer = await call(`${first.url}/v1/redemptions`, {
      method: 'POST',
      bearer: token,
      headers: { 'idempotency-key': `key-${jti}` },
      json: { items: [{ productId: sale.productId, quantity: 1 }] },
      timeoutMs: 60_000,
    });
    return { answer, tookMs: Date.now() - begun };
  };
  const asking = Promise.all(tokens.map(ask));
  await waitFor('all being on their way', 10, () => asked === tokens.length);
  expectProblem(await call(`${first.url}/readyz`), 'unavailable');
  expect((await call(`${first.url}/healthz`)).status).toBe(200);
  const refused = await asking;
  for (const { answer } of refused) expectProblem(answer, 'unavailable');
  // 2,400 at once on a busy machine take a while to be read at all.
  expect(Math.max(...refused.map(({ tookMs }) => tookMs))).toBeLessThan(30_000);
  const single = await ask(tokens[0]!);
  expectProblem(single.answer, 'unavailable');
  expect(single.tookMs).toBeLessThan(answerMsMax);
  expect(residentMiB(first) - before).toBeLessThan(200);
  expect(first.ways.postgres.count().opened - connections).toBeLessThan(200);

  for (const { ways } of checkouts.all) ways.postgres.thaw();
  const served = await mapBounded(tokens.slice(0, 40), 10, (it) =>
    waitFor('a 201', 20, async () => ((await ask(it)).answer.status === 201 ? it : undefined)),
  );
  expect(served).toHaveLength(40);
  expect((await call(`${first.url}/readyz`)).status).toBe(200);
  for (const one of checkouts.all) expect(one.deaths()).toBe(0);
  const end = await booksBalance(checkouts.sql, sale);
  expect(end.orders).toBe(end.held);
  expect(end.held).toBeGreaterThanOrEqual(40);
});
