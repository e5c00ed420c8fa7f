import { redemptions } from '@fairgate/shared/db/schema.ts';
import { and, eq } from 'drizzle-orm';
import type { SaleReport } from '../../app/summary-ports.ts';
import type { Executor } from './executor.ts';
import { saleProductRecords } from './product-rows.ts';
import { orderTally } from './sale-books.ts';
import { saleRows } from './sale-rows.ts';

/** What Postgres knows of a sale, deleted or not; consistent where `db` is one snapshot. Null: no such sale. */
export async function saleReport(db: Executor, saleId: string): Promise<SaleReport | null> {
  const sale = await saleRows(db).findKept(saleId);
  if (sale === null) return null;
  const records = await saleProductRecords(db, sale.productIds);
  const spent = and(eq(redemptions.saleId, saleId), eq(redemptions.kind, 'order'));
  return {
    sale,
    products: records.map(({ id, name, counts, currency }) => {
      return { productId: id, name, ...counts, currency };
    }),
    tally: await orderTally(db, saleId),
    redeemed: await db.$count(redemptions, spent),
  };
}
