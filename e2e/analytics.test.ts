import { parseLine } from '@fairgate/shared/log/record.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buy } from './support/checkout-client.ts';
import { newToken } from './support/edge-client.ts';
import { type Fixture, openDoors, openSale } from './support/fixtures.ts';
import { mapBounded } from './support/http.ts';
import { type SharedStack, sharedStack } from './support/stack.ts';
import { waitFor } from './support/wait.ts';

let stack: SharedStack;
let sale: Fixture;
beforeAll(async () => {
  stack = await sharedStack();
  sale = await openSale(stack.control, stack.edge, {
    units: 20,
    priceMinor: 1_250,
    room: { ...openDoors, paySeconds: 10 },
  });
  await playedThrough();
}, 120_000);
afterAll(() => stack?.close());

/** 13 join: 4 buy, 1 of them is refunded, 2 hold, 1 cancels, 1 lets a hold run out, 2 do not show, 3 wait. */
async function playedThrough(): Promise<void> {
  const { edge, control, checkout } = stack;
  const { saleId, productId } = sale;
  const tokens = await mapBounded(Array.from({ length: 8 }), 8, () => newToken(edge, saleId));
  const [first, second, ...rest] = tokens;
  const expired = await checkout.redeem({ token: first ?? '', productId });
  const cancelled = await checkout.redeem({ token: second ?? '', productId });
  await checkout.cancel(cancelled.order.id, cancelled.orderKey);
  await waitFor('the hold running out', 20, async () => {
    const { state } = await checkout.order(expired.order.id, expired.orderKey);
    return state === 'expired';
  });
  await control.setRoom(saleId, { paySeconds: 600, tokenSeconds: 5 });
  const bought = await mapBounded(rest.slice(0, 4), 4, (token) =>
    buy(checkout, { token, productId }),
  );
  for (const token of rest.slice(4)) await checkout.redeem({ token, productId });
  const path = `/v1/orders/${bought[0]?.order.id}/refund`;
  expect((await control.raw(path, { method: 'POST' })).status).toBe(200);
  await dontShow();
  await control.setRoom(saleId, { admitPerMinute: 0 });
  await waitFor('the doors being shut', 3, async () => {
    return (await edge.sale(saleId)).admitPerMinute === 0;
  });
  const waiting = await mapBounded(Array.from({ length: 3 }), 1, () => edge.join(saleId));
  await edge.leave(saleId, waiting[0]?.ticket ?? '');
  await revokeAndAsk(waiting[1]?.ticket ?? '', waiting[1]?.place.number ?? 0);
}

/** One takes a token and lets it lapse, the other takes none. */
async function dontShow(): Promise<void> {
  await newToken(stack.edge, sale.saleId);
  await stack.edge.join(sale.saleId);
  await waitFor('both tokens being over', 30, async () => {
    const { counts } = await fairness();
    return counts.lapsed === 1 && counts.expired === 1;
  });
}

async function fairness(): Promise<{ counts: Record<string, number> }> {
  const answer = await stack.control.raw(`/v1/sales/${sale.saleId}/fairness`);
  return JSON.parse(answer.text);
}

/** A ticket that is worth nothing any more, shown at the door. */
async function revokeAndAsk(ticket: string, number: number): Promise<void> {
  const json = { numbers: { from: number, to: number } };
  const path = `/v1/sales/${sale.saleId}/revoke`;
  expect((await stack.control.raw(path, { method: 'POST', json })).status).toBe(200);
  await waitFor('the refusal', 10, async () => {
    const answer = await stack.edge.raw(`/api/sales/${sale.saleId}/place`, { bearer: ticket });
    return answer.text.includes(':token-revoked');
  });
}

/** The rows that a view has of the sale, once all of it is written. */
async function asked(view: string, order = '1'): Promise<Record<string, unknown>[]> {
  const { sql } = stack;
  const rows = await sql.unsafe(`select * from ${view} where sale_id = $1 order by ${order}`, [
    sale.saleId,
  ]);
  return rows.map(({ sale_id: _, ...row }) =>
    Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plain(value)])),
  );
}
/** Postgres' wide numbers come as text. */
const plain = (value: unknown) =>
  typeof value === 'string' && /^\d+(\.\d+)?$/.test(value) ? Number(value) : value;

const total = (rows: Record<string, unknown>[], column: string) =>
  rows.reduce((sum, row) => sum + Number(row[column]), 0);

test('the funnel tells how far everybody came, as the summary does', async () => {
  const funnel = await waitFor('all events', 15, async () => {
    const [row] = await asked('analytics_funnel');
    return row?.revoked === 1 && row.refunded === 1 ? row : undefined;
  });
  expect(funnel).toEqual({
    ...{ joined: 13, admitted: 10, issued: 9, redeemed: 8, paid: 3 },
    ...{ still_waiting: 1, left_waiting: 1, away_waiting: 0, revoked: 1, left_admitted: 0 },
    ...{ not_taken: 1, lapsed: 1, still_admitted: 0, still_unpaid: 2, unpaid: 2, refunded: 1 },
  });
  const { joined, admitted, issued, redeemed, paid } = (await stack.control.summary(sale.saleId))
    .funnel;
  expect(funnel).toMatchObject({ joined, admitted, issued, redeemed, paid });
});

test('what sold, how fast and for how much agrees with the ledger and the orders', async () => {
  const { productId, saleId, name } = sale;
  const [product] = await asked('analytics_products');
  expect(product).toEqual({
    ...{ product_id: productId, currency: 'EUR', name, units_placed: 8, units_paid: 4 },
    ...{ units_refunded: 1, units_sold: 3, revenue_minor: 3 * 1_250 },
  });
  const [ledger] = await stack.sql`
    select coalesce(sum(cardinality(unit_ids)) filter (where action = 'order.paid'), 0)::int as paid,
      coalesce(sum(cardinality(unit_ids)) filter (where action = 'order.placed'), 0)::int as placed
    from ledger where sale_id = ${saleId}`;
  const minutes = await asked('analytics_sell_through', 'minute');
  expect(total(minutes, 'units_placed')).toBe(ledger?.placed);
  expect(total(minutes, 'units_paid')).toBe(ledger?.paid);
  expect(minutes.at(-1)?.sold).toBe(3);
  const [orders] = await stack.sql`
    select sum(total_minor)::int as minor from orders where sale_id = ${saleId} and state = 'paid'`;
  const hours = await asked('analytics_revenue_by_hour');
  expect(total(hours, 'paid_minor') - total(hours, 'refunded_minor')).toBe(orders?.minor);
  expect(total(hours, 'orders_paid')).toBe(4);
});

test('how many came and how long they waited agrees with the public log', async () => {
  const answer = await stack.control.raw(`/v1/sales/${sale.saleId}/fairness/log`);
  const lines = answer.text.trim().split('\n').map(parseLine);
  const at = (kind: string) =>
    new Map(lines.filter((line) => line.kind === kind).map((line) => [line.number, line.at]));
  const [joined, admitted] = [at('joined'), at('admitted')];
  const waits = [...admitted].map(([number, ms]) => (ms - (joined.get(number) ?? 0)) / 1_000);
  const [row] = await asked('analytics_waits');
  expect(row).toMatchObject({ lane: 'main', admitted: waits.length });
  expect(row?.max_seconds).toBeCloseTo(Math.max(...waits), 0);
  expect(Number(row?.avg_seconds) * waits.length).toBeCloseTo(
    waits.reduce((sum, wait) => sum + wait, 0),
    -1,
  );
  const arrivals = await asked('analytics_arrivals');
  expect([total(arrivals, 'joined'), total(arrivals, 'admitted')]).toEqual([13, 10]);
});

test('no-shows, lanes, deciles and abandonment count everybody once', async () => {
  expect(await asked('analytics_no_shows')).toEqual([
    { lane: 'main', admitted: 10, not_taken: 1, lapsed: 1, left_admitted: 0, no_show_share: 0.2 },
  ]);
  expect(await asked('analytics_lanes')).toMatchObject([
    { lane: 'main', joined: 13, admitted: 10, paid: 3, conversion: 0.2308 },
  ]);
  const deciles = await asked('analytics_arrival_deciles', 'decile');
  expect(deciles.map(({ decile }) => decile)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  expect([total(deciles, 'joined'), total(deciles, 'paid')]).toEqual([13, 3]);
  // Nobody of the last who came was let in.
  expect(deciles.slice(-3).every(({ admitted }) => admitted === 0)).toBe(true);
  const waits = await asked('analytics_abandonment_by_wait', 'from_seconds');
  expect([total(waits, 'admitted'), total(waits, 'gave_up')]).toEqual([10, 1]);
});

test('refusals at the door are told by reason, as the summary counts them', async () => {
  const refused = await waitFor('the refusals', 15, async () => {
    const rows = await asked('analytics_refusals');
    const { funnel } = await stack.control.summary(sale.saleId);
    return total(rows, 'refusals') === funnel.blocked && funnel.blocked > 0 ? rows : undefined;
  });
  expect(refused.map(({ reason }) => reason)).toEqual(['token-revoked']);
});
