import { orderLines, orders, redemptions } from '@fairgate/shared/db/schema.ts';
import { and, count, eq, inArray, sql } from 'drizzle-orm';
import type { SaleReport } from '../../app/ports.ts';
import { unitsTotal } from '../../domain/records.ts';
import type { Executor } from './executor.ts';
import { saleProductRecords } from './product-rows.ts';
import { saleRows } from './sale-rows.ts';

/** What Postgres knows of a sale, deleted or not; consistent where `db` is one snapshot. Null: no such sale. */
export async function saleReport(db: Executor, saleId: string): Promise<SaleReport | null> {
  const sale = await saleRows(db).findKept(saleId);
  if (sale === null) return null;
  const records = await saleProductRecords(db, sale.productIds);
  const revenue = await revenueByProduct(db, saleId);
  const states = await db
    .select({ state: orders.state, orders: count() })
    .from(orders)
    .where(and(eq(orders.saleId, saleId), inArray(orders.state, ['paid', 'awaiting_payment'])))
    .groupBy(orders.state);
  const ordersIn = (state: string) => states.find((row) => row.state === state)?.orders ?? 0;
  const spent = and(eq(redemptions.saleId, saleId), eq(redemptions.kind, 'order'));
  const stock = new Map(records.map((product) => [product.id, product.counts]));
  return {
    sale,
    products: records.map(({ id, name, counts, currency }) => ({
      productId: id,
      name,
      total: unitsTotal(counts),
      ...counts,
      revenueMinor: revenue.get(id) ?? 0,
      currency,
    })),
    paid: ordersIn('paid'),
    ledgered: {
      stock,
      redeemed: await db.$count(redemptions, spent),
      holding: ordersIn('awaiting_payment'),
    },
  };
}

/** Minor units; sums come as text, since they are wider than an integer. */
async function revenueByProduct(db: Executor, saleId: string): Promise<Map<string, number>> {
  const sum = sql<string>`sum(${orderLines.quantity} * ${orderLines.unitPriceMinor})`;
  const rows = await db
    .select({ productId: orderLines.productId, sum })
    .from(orderLines)
    .innerJoin(orders, eq(orders.id, orderLines.orderId))
    .where(and(eq(orders.saleId, saleId), eq(orders.state, 'paid')))
    .groupBy(orderLines.productId);
  return new Map(rows.map((row) => [row.productId, Number(row.sum)]));
}
