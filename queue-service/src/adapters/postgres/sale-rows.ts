import { saleProducts, sales } from '@fairgate/shared/db/schema.ts';
import { ledger } from '@fairgate/shared/db/schema-records.ts';
import { and, desc, eq, gt, inArray, isNull, lt, or, type SQL, sql } from 'drizzle-orm';
import type { Changes, SaleFields, SaleRows } from '../../app/ports.ts';
import type { SaleRecord } from '../../domain/records.ts';
import { type Executor, sqlState } from './executor.ts';

const uniqueViolation = '23505';
/** More live sales than this are tended to in turn by nobody: a bound, not a plan. */
const roomsMax = 1_000;

export function saleRows(db: Executor): SaleRows {
  return {
    async insert({ now, ...sale }) {
      const at = new Date(now);
      const { startsAt, endsAt, ...rest } = sale;
      const times = { startsAt: new Date(startsAt), endsAt: dateOrNull(endsAt) };
      await db.insert(sales).values({ ...rest, ...times, createdAt: at, updatedAt: at });
    },
    async find(id, lock) {
      if (lock === 'update') await db.select().from(sales).where(alive(id)).for('update');
      const [row] = await select(db, alive(id)).limit(1);
      return row ? record(row) : null;
    },
    async findKept(id) {
      const [row] = await select(db, eq(sales.id, id)).limit(1);
      return row ? record(row) : null;
    },
    async page({ cursor, limit }) {
      const after = cursor === undefined ? undefined : lt(sales.id, cursor);
      const where = and(isNull(sales.deletedAt), after);
      const rows = await select(db, where).orderBy(desc(sales.id)).limit(limit);
      return rows.map(record);
    },
    async update(id, fields, now) {
      const version = sql`${sales.version} + 1`;
      const set = { ...columns(fields), version, updatedAt: new Date(now) };
      await db.update(sales).set(set).where(alive(id));
    },
    async remove(id, now) {
      await db
        .update(sales)
        .set({ deletedAt: new Date(now) })
        .where(alive(id));
    },
    setProducts: (id, productIds) => setProducts(db, id, productIds),
    async release(id) {
      await db.update(saleProducts).set({ live: false }).where(eq(saleProducts.saleId, id));
    },
    async wasOpened(id) {
      const opened = and(eq(ledger.saleId, id), eq(ledger.action, 'sale.opened'));
      const found = await db.select({ id: ledger.id }).from(ledger).where(opened).limit(1);
      return found.length > 0;
    },
    async rooms(closedSince) {
      const live = inArray(sales.phase, ['scheduled', 'open', 'paused']);
      const recent =
        closedSince === null
          ? undefined
          : and(eq(sales.phase, 'closed'), gt(sales.updatedAt, new Date(closedSince)));
      const where = and(isNull(sales.deletedAt), or(live, recent));
      return (await select(db, where).orderBy(desc(sales.id)).limit(roomsMax)).map(record);
    },
  };
}

function alive(id: string) {
  return and(eq(sales.id, id), isNull(sales.deletedAt));
}

function select(db: Executor, where: SQL | undefined) {
  const any = (states: SQL) => sql`exists (
    select 1 from sale_products sp where sp.sale_id = sales.id and exists (
      select 1 from units u where u.product_id = sp.product_id and ${states}))`;
  return db
    .select({
      sale: sales,
      productIds: sql<string[]>`array(
        select sp.product_id from sale_products sp
        where sp.sale_id = sales.id order by sp.position)`,
      // In the words of the indexes `units_free` and `units_taken`.
      soldOut: sql<boolean>`${any(sql`u.state <> 'free' and u.state = 'sold'`)}
        and not ${any(sql`u.state = 'free'`)}
        and not ${any(sql`u.state <> 'free' and u.state = 'held'`)}`,
    })
    .from(sales)
    .where(where);
}

type SaleRow = Awaited<ReturnType<typeof select>>[number];

function record({ sale, productIds, soldOut }: SaleRow): SaleRecord {
  const { id, name, phase, mode, currency, room, version } = sale;
  const startsAt = sale.startsAt.getTime();
  const endsAt = sale.endsAt?.getTime() ?? null;
  const createdAt = sale.createdAt.getTime();
  const updatedAt = sale.updatedAt.getTime();
  const times = { startsAt, endsAt, createdAt, updatedAt };
  return { id, name, phase, mode, currency, room, version, productIds, soldOut, ...times };
}

function columns({ startsAt, endsAt, ...rest }: Changes<SaleFields>) {
  return {
    ...rest,
    ...(startsAt === undefined ? {} : { startsAt: new Date(startsAt) }),
    ...(endsAt === undefined ? {} : { endsAt: dateOrNull(endsAt) }),
  };
}

function dateOrNull(ms: number | null): Date | null {
  return ms === null ? null : new Date(ms);
}

/** A unique index keeps a product in one live sale; its violation must not end the transaction. */
async function setProducts(db: Executor, saleId: string, productIds: string[]): Promise<boolean> {
  await db.delete(saleProducts).where(eq(saleProducts.saleId, saleId));
  const rows = productIds.map((productId, position) => ({ saleId, productId, position }));
  try {
    await db.transaction((savepoint) => savepoint.insert(saleProducts).values(rows));
    return true;
  } catch (error) {
    if (sqlState(error) === uniqueViolation) return false;
    throw error;
  }
}
