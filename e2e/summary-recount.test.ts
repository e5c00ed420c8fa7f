import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { runCrowd } from './crowd/crowd.ts';
import type { CrowdOptions } from './crowd/options.ts';
import { cards } from './support/checkout-client.ts';
import { newToken } from './support/edge-client.ts';
import { mapBounded } from './support/http.ts';
import { type Recount, recountLedger } from './support/ledger-recount.ts';
import { emptyRedis } from './support/redis.ts';
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

const room = {
  admitPerMinute: 9_000,
  maxActive: 400,
  tokenSeconds: 12,
  paySeconds: 12,
  abandonSeconds: 30,
  maxUnitsPerShopper: 2,
};
const wares = [
  { priceMinor: 1_999, stock: 750 },
  { priceMinor: 2_451, stock: 700 },
  { priceMinor: 10_007, stock: 650 },
];
const addedLater = 100;
const crowd: Omit<CrowdOptions, 'sale'> = {
  shoppers: 2_000,
  units: 1,
  stack: '',
  seed: 5,
  'arrival-seconds': 8,
  leave: 0.05,
  'never-pay': 0.12,
  decline: 0.1,
  absent: 0.03,
  concurrency: 64,
  'max-seconds': 120,
};

type Wares = { saleId: string; productIds: string[]; units: number };

async function makeSale(): Promise<Wares> {
  const { control } = stack;
  const productIds = await mapBounded(wares, 1, (ware, i) =>
    control.createProduct({ name: `Ware ${i}, "of" the recount`, currency: 'EUR', ...ware }),
  );
  const saleId = await control.createSale({
    name: 'Recount',
    productIds,
    startsAt: new Date(Date.now() + 2_000).toISOString(),
    publish: true,
    room,
  });
  return { saleId, productIds, units: wares.reduce((sum, { stock }) => sum + stock, 0) };
}

/** Until it is answered so: a checkout or Redis may be away. */
async function insist(what: string, status: number, ask: () => Promise<{ status: number }>) {
  await waitFor(what, 30, async () => {
    const answer = await ask().catch(() => undefined);
    return answer?.status === status;
  });
}

/**
 * Buyers who come first: each takes two of a kind. Some cancel; some pay by a provider that fails, and
 * that is asked again and again while the crowd comes.
 */
async function othersBuy({ saleId, productIds }: Wares, count: number): Promise<void> {
  const { edge, checkout } = stack;
  const some = Array.from({ length: count }, (_, i) => i);
  await mapBounded(some, 10, async (i) => {
    const token = await newToken(edge, saleId);
    const productId = productIds[i % productIds.length] ?? '';
    const { order, orderKey } = await checkout.redeem({ token, productId, quantity: 2 });
    if (i % 3 === 0) {
      const cancel = { method: 'POST', bearer: orderKey } as const;
      await insist('the cancellation', 200, () =>
        checkout.raw(`/v1/orders/${order.id}/cancel`, cancel),
      );
    } else if (i % 3 === 1) {
      // Answered 202 or 503; either way no money comes of it.
      await checkout.tryPay(order.id, orderKey, cards.providerFails);
    } else {
      await insist('the payment being taken', 202, () =>
        checkout.tryPay(order.id, orderKey, cards.webhookThreeTimes),
      );
    }
  });
}

async function refundSome(saleId: string, count: number): Promise<void> {
  const paid = (await stack.control.orders(saleId)).filter(({ state }) => state === 'paid');
  await mapBounded(paid.slice(0, count), 5, ({ id }) =>
    insist('the refund', 200, () =>
      stack.control.raw(`/v1/orders/${id}/refund`, { method: 'POST', json: { reason: 'test' } }),
    ),
  );
}

const paidOf = async (saleId: string) => {
  const [row] = await stack.sql`
    select count(*)::int as paid from orders where sale_id = ${saleId} and state = 'paid'`;
  return Number(row?.paid);
};

/** A checkout killed, Redis emptied, stock added and orders refunded while the crowd buys. */
async function faults(sale: Wares): Promise<void> {
  const { saleId, productIds } = sale;
  const whenPaid = (count: number) =>
    waitFor(`${count} being paid`, 150, async () => (await paidOf(saleId)) >= count);
  await whenPaid(100);
  stack.kill('checkout-1');
  await whenPaid(250);
  await refundSome(saleId, 40);
  await emptyRedis(stack);
  await stack.whole();
  await stack.control.addStock(productIds[0] ?? '', addedLater);
  await whenPaid(500);
  stack.kill('checkout-2');
  await stack.whole();
}

/** The edge refuses tickets that it did not sign; what it counted is in a checkpoint at the end. */
async function beBlocked(saleId: string, count: number): Promise<void> {
  const path = `/api/sales/${saleId}/place`;
  const bearer = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.AAAA';
  for (let i = 0; i < count; i += 1) {
    expect((await stack.edge.raw(path, { bearer })).status).toBe(401);
  }
  await waitFor('the checkpoint of what was blocked', 15, async () => {
    const [row] = await stack.sql`
      select (counters ->> 'blocked:token-invalid')::int as count from room_checkpoints
      where sale_id = ${saleId}`;
    return row?.count === count;
  });
}

const summarySchema = z.looseObject({
  products: z.array(z.looseObject({ productId: z.string() })),
  funnel: z.record(z.string(), z.int()),
  blocked: z.record(z.string(), z.int()),
  sellThrough: z.array(z.object({ at: z.iso.datetime(), sold: z.int(), paid: z.int() })),
  reconciled: z.boolean(),
  reconciliation: z.object({ checkedAt: z.iso.datetime(), differences: z.array(z.string()) }),
});

/** Both forms of the summary and the recount, of a moment in which nothing was written. */
async function settled(saleId: string) {
  return await waitFor('a summary that is reconciled, while nothing happens', 40, async () => {
    const before = await recountLedger(stack.sql, saleId);
    const answer = await stack.control.raw(`/v1/sales/${saleId}/summary`);
    const summary = summarySchema.parse(JSON.parse(answer.text));
    const csv = await stack.control.summaryCsv(saleId);
    const after = await recountLedger(stack.sql, saleId);
    if (!summary.reconciled) throw new Error(summary.reconciliation.differences.join(' '));
    return after.lastId === before.lastId && { recount: after, summary, csv };
  });
}

const sumOf = ({ products }: Recount, name: keyof Recount['products'][string]) =>
  Object.values(products).reduce((sum, product) => sum + product[name], 0);

test('after 2,000 shoppers and many faults the summary is what the ledger alone tells, to the unit and the cent', async () => {
  const { control, edge, checkout } = stack;
  const sale = await makeSale();
  const { saleId, productIds } = sale;
  await waitFor('the sale being public', 5, async () => (await edge.sale(saleId)).id === saleId);
  await beBlocked(saleId, 7);
  const { edgeUrl } = stack.info();
  await waitFor('the doors being open', 10, async () => (await edge.sale(saleId)).state === 'open');
  await othersBuy(sale, 60);
  const [result] = await Promise.all([
    runCrowd({ ...crowd, sale: saleId }, { edgeUrl, control, say: () => {} }),
    faults(sale),
  ]);
  expect(result.isComplete).toBe(true);
  await waitFor('every hold having ended', 40, async () => {
    const orders = await control.orders(saleId);
    return orders.every(({ state }) => state !== 'awaiting_payment');
  });
  // Refunds give units back, and some of these are on hold when the figures are read.
  await refundSome(saleId, 30);
  await control.setRoom(saleId, { paySeconds: 600 });
  for (let i = 0; i < 5; i += 1) {
    const token = await newToken(edge, saleId);
    await waitFor('a unit being free', 20, async () => {
      const productId = productIds[i % productIds.length] ?? '';
      return (await checkout.tryRedeem({ token, productId })).status === 201;
    });
  }

  const { recount, summary, csv } = await settled(saleId);
  expect(recount.placed).toBeGreaterThan(1_000);
  expect(recount.doubly).toEqual([]);
  expect(recount.orders).toMatchObject({ awaitingPayment: 5, refunded: 70 });
  for (const state of ['paid', 'expired', 'cancelled'] as const) {
    expect(recount.orders[state]).toBeGreaterThan(10);
  }
  expect(sumOf(recount, 'total')).toBe(sale.units + addedLater);

  expect(summary.products.map(({ productId }) => productId)).toEqual(productIds);
  for (const product of summary.products) {
    expect(product).toMatchObject(recount.products[product.productId] ?? {});
  }
  const names = ['total', 'free', 'held', 'sold', 'revenueMinor', 'refundedMinor'] as const;
  const totals = Object.fromEntries(names.map((name) => [name, sumOf(recount, name)]));
  expect(summary.totals).toEqual({ ...totals, currency: 'EUR' });
  expect(summary.orders).toEqual(recount.orders);
  expect(summary.funnel).toMatchObject({ redeemed: recount.placed, paid: recount.orders.paid });
  expect(summary.reconciliation.differences).toEqual([]);
  expect(summary.sellThrough.length).toBeLessThanOrEqual(200);
  expect(summary.sellThrough.at(-1)).toMatchObject({
    sold: sumOf(recount, 'held') + sumOf(recount, 'sold'),
    paid: sumOf(recount, 'sold'),
  });
  expect(summary.blocked['token-invalid']).toBe(7);
  expect(summary.funnel.blocked).toBe(Object.values(summary.blocked).reduce((a, b) => a + b, 0));
  expectSameCsv(csv, recount);
}, 300_000);

/** Every figure of money and units stands in the CSV as it does in the recount. */
function expectSameCsv(csv: string, recount: Recount): void {
  const rows = z
    .array(z.record(z.string(), z.string()))
    .parse(parse(csv, { columns: true, record_delimiter: '\r\n' }));
  expect(rows.map(({ productId }) => productId)).toEqual(Object.keys(recount.products));
  for (const row of rows) {
    const product = recount.products[row.productId ?? ''];
    for (const [name, value] of Object.entries(product ?? {})) expect(row[name]).toBe(`${value}`);
    const { paid, awaitingPayment, expired, cancelled, refunded } = recount.orders;
    expect(row).toMatchObject({
      redeemed: `${recount.placed}`,
      paid: `${paid}`,
      ordersPaid: `${paid}`,
      ordersAwaitingPayment: `${awaitingPayment}`,
      ordersExpired: `${expired}`,
      ordersCancelled: `${cancelled}`,
      ordersRefunded: `${refunded}`,
      totalUnits: `${sumOf(recount, 'total')}`,
      totalFree: `${sumOf(recount, 'free')}`,
      totalHeld: `${sumOf(recount, 'held')}`,
      totalSold: `${sumOf(recount, 'sold')}`,
      totalRevenueMinor: `${sumOf(recount, 'revenueMinor')}`,
      totalRefundedMinor: `${sumOf(recount, 'refundedMinor')}`,
      blockedByReason: expect.stringContaining('token-invalid=7'),
      reconciled: 'true',
      differences: '',
    });
  }
}
