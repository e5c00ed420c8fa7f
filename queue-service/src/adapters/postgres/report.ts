import { redemptions, saleProducts, sales } from '@fairgate/shared/db/schema.ts';
import { and, eq, gt, inArray, ne } from 'drizzle-orm';
import type { SaleReport } from '../../app/summary-ports.ts';
import type { SaleRecord } from '../../domain/records.ts';
import type { Executor } from './executor.ts';
import { saleProductRecords } from './product-rows.ts';
import { orderTally } from './sale-books.ts';
import { saleRows } from './sale-rows.ts';

/** What Postgres knows of a sale, deleted or not; consistent where `db` is one snapshot. Null: no such sale. */
export async function saleReport(db: Executor, saleId: string): Promise<SaleReport | null> {
  const sale = await saleRows(db).findKept(saleId);
  if (sale === null) return null;
  const records = await saleProductRecords(db, sale.productIds);
  const movedOn = await offeredSince(db, sale);
  const spent = and(eq(redemptions.saleId, saleId), eq(redemptions.kind, 'order'));
  return {
    sale,
    products: records.map(({ id, name, counts, currency }) => {
      return { productId: id, name, ...counts, currency, isMovedOn: movedOn.has(id) };
    }),
    tally: await orderTally(db, saleId),
    redeemed: await db.$count(redemptions, spent),
  };
}

/** Of its products: those offered by a sale that was changed after this one was closed. */
async function offeredSince(db: Executor, sale: SaleRecord): Promise<Set<string>> {
  if (sale.phase !== 'closed') return new Set();
  const rows = await db
    .select({ productId: saleProducts.productId })
    .from(saleProducts)
    .innerJoin(sales, eq(sales.id, saleProducts.saleId))
    .where(
      and(
        inArray(saleProducts.productId, sale.productIds),
        ne(sales.id, sale.id),
        gt(sales.updatedAt, new Date(sale.updatedAt)),
      ),
    );
  return new Set(rows.map(({ productId }) => productId));
}
