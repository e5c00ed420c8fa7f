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

const isDone = ({ answer }: Request) => [200, 201, 202].includes(answer?.status ?? 0);

/** As asked for, or a 503 that says so; 409 is a payment that an earlier try has begun. */
function expectServed(request: Request): void {
  const { answer, tookMs } = request;
  expect(answer).toBeDefined();
  if (answer?.status === 409) expectProblem(answer, 'conflict');
  else if (!isDone(request)) expectProblem(answer as Answer, 'unavailable');
  expect(tookMs).toBeLessThan(answerMsMax);
}

/** While Postgres was away, and the ten seconds after it was back, a refusal is right. */
const againWithinMs = 10_000;

test('Postgres restarted three times under load: nobody exits, all are answered again within 10 s, the books balance', async () => {
  const sale = await seedSale(checkouts.sql, { units: 5_000 });
  const load = startLoad(checkouts, sale, 16);
  const done = (kind: Request['kind'], name: string, fromMs: number) =>
    load.requests.filter((one) => {
      return one.kind === kind && one.checkout === name && one.askedAtMs >= fromMs && isDone(one);
    }).length;
  const allAnswer = (fromMs: number) =>
    checkouts.all.every(({ name }) =>
      (['redeem', 'pay', 'cancel'] as const).every((kind) => done(kind, name, fromMs) > 1),
    );
  await waitFor('the load', 20, () => allAnswer(0));
  const aways: { fromMs: number; toMs: number }[] = [];
  for (const how of ['SIGQUIT', 'SIGKILL', 'SIGINT'] satisfies PostgresEnd[]) {
    const fromMs = Date.now();
    await postgres.end(how);
    await waitFor('somebody being refused', 10, () =>
      load.requests.some((one) => one.askedAtMs >= fromMs && one.answer?.status === 503),
    );
    await postgres.start();
    const backAtMs = Date.now();
    aways.push({ fromMs, toMs: backAtMs + againWithinMs });
    await waitFor(`all being served again after ${how}`, 10, () => allAnswer(backAtMs));
  }
  await load.finish();

  for (const request of load.requests) {
    expectServed(request);
    if (isDone(request) || request.answer?.status === 409) continue;
    const endedAtMs = request.askedAtMs + request.tookMs;
    const isExcused = aways.some(({ fromMs, toMs }) => endedAtMs >= fromMs && endedAtMs <= toMs);
    expect([isExcused, request.kind, request.answer?.status]).toEqual([true, request.kind, 503]);
  }
  for (const one of checkouts.all) expect([one.deaths(), one.alive()]).toEqual([0, true]);
  // Nothing is left unsettled: each order is what its shopper was told, to the unit and the cent.
  const { orders, paid, cancelled } = load;
  const ids = new Set([...orders.values()].map(({ order }) => order.id));
  expect(ids.size).toBe(orders.size);
  expect(await booksBalance(checkouts.sql, sale)).toMatchObject({
    orders: ids.size,
    sold: paid.length,
    held: ids.size - paid.length - cancelled.length,
  });
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
