import { isoTime } from '@fairgate/shared/clock.ts';
import { orderLines, orders, orderUnits } from '@fairgate/shared/db/schema.ts';
import { and, desc, eq, inArray, lt, sql } from 'drizzle-orm';
import type { AdminOrder, OrderRows } from '../../app/ports.ts';
import type { Executor } from './executor.ts';

export function orderRows(db: Executor): OrderRows {
  return {
    async find(id) {
      const rows = await db.select().from(orders).where(eq(orders.id, id));
      return (await withItems(db, rows))[0] ?? null;
    },
    async page({ cursor, limit, saleId, state, q }) {
      const where = and(
        cursor === undefined ? undefined : lt(orders.id, cursor),
        saleId === undefined ? undefined : eq(orders.saleId, saleId),
        state === undefined ? undefined : eq(orders.state, state),
        q === undefined ? undefined : matching(q),
      );
      const rows = await db
        .select()
        .from(orders)
        .where(where)
        .orderBy(desc(orders.id))
        .limit(limit);
      return await withItems(db, rows);
    },
  };
}

function matching(q: string) {
  if (/^\d{1,15}$/.test(q)) return eq(orders.number, Number(q));
  if (q.includes('@')) return eq(sql`lower(${orders.email})`, q.toLowerCase());
  return eq(orders.id, q);
}

type OrderRow = typeof orders.$inferSelect;

async function withItems(db: Executor, rows: OrderRow[]): Promise<AdminOrder[]> {
  if (rows.length === 0) return [];
  const ids = rows.map((row) => row.id);
  const lines = await db.select().from(orderLines).where(inArray(orderLines.orderId, ids));
  // An order that has ended lists no units, since others may have them by now.
  const live = and(inArray(orderUnits.orderId, ids), orderUnits.live);
  const units = await db.select().from(orderUnits).where(live);
  return rows.map((row) => ({
    id: row.id,
    saleId: row.saleId,
    number: row.number,
    ...(row.paidElsewhere ? { paidElsewhere: true as const } : {}),
    state: row.state,
    items: lines
      .filter((line) => line.orderId === row.id)
      .map(({ productId, quantity, unitPriceMinor }) => ({
        productId,
        quantity,
        unitPriceMinor,
        units: units
          .filter((unit) => unit.orderId === row.id && unit.productId === productId)
          .map((unit) => unit.unitId),
      })),
    totalMinor: row.totalMinor,
    currency: row.currency,
    payBefore: isoTime(row.payBefore.getTime()),
    createdAt: isoTime(row.createdAt.getTime()),
    ...(row.paidAt === null ? {} : { paidAt: isoTime(row.paidAt.getTime()) }),
    ...(row.failure === null ? {} : { failure: row.failure }),
  }));
}
