import { products, stockShards } from '@fairgate/shared/db/schema.ts';
import { newId } from '@fairgate/shared/ids.ts';
import { and, desc, eq, inArray, isNull, lt, type SQL, sql } from 'drizzle-orm';
import { z } from 'zod';
import type { ProductRows } from '../../app/ports.ts';
import type { ProductRecord, UnitCounts } from '../../domain/records.ts';
import type { Executor } from './executor.ts';

/** Units made by one statement: some hundred milliseconds each. */
const unitsChunk = 50_000;

export function productRows(db: Executor): ProductRows {
  const find: ProductRows['find'] = async (id, lock) => {
    const query = db.select().from(products).where(alive(id));
    const rows = await (lock === undefined ? query : query.for(lock));
    return (await withCounts(db, rows))[0] ?? null;
  };
  return {
    find,
    async insert({ now, ...product }) {
      const at = new Date(now);
      await db.insert(products).values({ ...product, createdAt: at, updatedAt: at });
    },
    async offered(ids, lock) {
      const query = db
        .select({ id: products.id, currency: products.currency })
        .from(products)
        .where(and(inArray(products.id, ids), isNull(products.deletedAt)))
        .orderBy(products.id);
      return await (lock === 'unlocked' ? query : query.for('share'));
    },
    async page({ cursor, limit }) {
      const after = cursor === undefined ? undefined : lt(products.id, cursor);
      const rows = await db
        .select()
        .from(products)
        .where(and(isNull(products.deletedAt), after))
        .orderBy(desc(products.id))
        .limit(limit);
      return await withCounts(db, rows);
    },
    kept: (ids) => saleProductRecords(db, ids),
    async update(id, fields, now) {
      await db
        .update(products)
        .set({ ...fields, version: sql`${products.version} + 1`, updatedAt: new Date(now) })
        .where(alive(id));
    },
    async remove(id, now) {
      await db
        .update(products)
        .set({ deletedAt: new Date(now) })
        .where(alive(id));
    },
    addUnits: (id, count, present) => addUnits(db, id, count, present),
    async liveSaleId(id) {
      const found = await db.execute(
        sql`select sale_id from sale_products where product_id = ${id} and live`,
      );
      const [row] = z.array(z.object({ sale_id: z.string() })).parse([...found]);
      return row?.sale_id ?? null;
    },
  };
}

function alive(id: string) {
  return and(eq(products.id, id), isNull(products.deletedAt));
}

/**
 * Deals units to the shards in turn, going on where the last ones ended. Their ids are of the
 * form of ids.ts: time, then which of this batch it is (so that the indexes grow at their ends),
 * then 40 random bits. Hexadecimal digits are among the letters of an id, so Postgres makes them.
 */
async function addUnits(
  db: Executor,
  productId: string,
  count: number,
  present: number,
): Promise<void> {
  const prefix = newId('unit').slice(0, 'unit_'.length + 10);
  for (let first = 0; first < count; first += unitsChunk) {
    const last = Math.min(first + unitsChunk, count) - 1;
    await db.execute(sql`
      insert into units (id, product_id, shard)
      select ${prefix}::text || lpad(to_hex(n), 6, '0')
             || substr(gen_random_uuid()::text, 25, 10),
             ${productId}, (${present}::bigint + n) % ${stockShards}::int
      from generate_series(${first}::int, ${last}::int) as n`);
  }
}

type ProductRow = typeof products.$inferSelect;

async function withCounts(db: Executor, rows: ProductRow[]): Promise<ProductRecord[]> {
  const counts = await unitCounts(
    db,
    rows.map((row) => row.id),
  );
  return rows.map((row) => ({
    id: row.id,
    name: row.name,
    description: row.description,
    imageUrl: row.imageUrl,
    priceMinor: row.priceMinor,
    currency: row.currency,
    version: row.version,
    createdAt: row.createdAt.getTime(),
    updatedAt: row.updatedAt.getTime(),
    counts: counts.get(row.id) ?? { free: 0, held: 0, sold: 0 },
  }));
}

/** Units by state, of each product. */
async function unitCounts(db: Executor, ids: string[]): Promise<Map<string, UnitCounts>> {
  if (ids.length === 0) return new Map();
  // In the words of the indexes `units_free` and `units_taken`.
  const count = (state: SQL) => sql<number>`(
    select count(*)::int from units u where u.product_id = products.id and ${state})`;
  const rows = await db
    .select({
      productId: products.id,
      free: count(sql`u.state = 'free'`),
      held: count(sql`u.state <> 'free' and u.state = 'held'`),
      sold: count(sql`u.state <> 'free' and u.state = 'sold'`),
    })
    .from(products)
    .where(inArray(products.id, ids));
  return new Map(rows.map(({ productId, ...counts }) => [productId, counts]));
}

/** Those of `ids` that exist, with their units. */
export async function aliveProducts(db: Executor, ids: string[]): Promise<ProductRecord[]> {
  if (ids.length === 0) return [];
  const alive = and(inArray(products.id, ids), isNull(products.deletedAt));
  return await withCounts(db, await db.select().from(products).where(alive));
}

/** Products of a sale in their order, deleted ones too, with their units. */
export async function saleProductRecords(db: Executor, ids: string[]): Promise<ProductRecord[]> {
  const rows = await db.select().from(products).where(inArray(products.id, ids));
  const byId = new Map((await withCounts(db, rows)).map((product) => [product.id, product]));
  return ids.flatMap((id) => byId.get(id) ?? []);
}
