import { saleProducts, stockShards } from '@fairgate/shared/db/schema.ts';
import { productImportRows } from '@fairgate/shared/db/schema-imports.ts';
import { newId } from '@fairgate/shared/ids.ts';
import { and, asc, count, eq, gt, inArray, sql } from 'drizzle-orm';
import { z } from 'zod';
import type { ImportRows, StagedRow } from '../../app/import-ports.ts';
import type { ImportedRow } from '../../domain/product-import.ts';
import type { Executor } from './executor.ts';
import { aliveProducts } from './product-rows.ts';

const staged = productImportRows;

/** Units made by one statement: some hundred milliseconds. */
const unitsChunk = 50_000;

export function importRows(db: Executor): ImportRows {
  return {
    async stage(importId, rows) {
      if (rows.length === 0) return;
      await db.execute(sql`
        insert into product_import_rows (import_id, line, product_id, is_new, fields, stock)
        select ${importId}, line, id, "isNew", fields, stock
        from jsonb_to_recordset(${JSON.stringify(rows.map(flat))}::text::jsonb)
          as r(line int, id text, "isNew" boolean, fields jsonb, stock int)`);
    },
    async staged(importId) {
      const own = eq(staged.importId, importId);
      const [found] = await db.select({ rows: count() }).from(staged).where(own);
      return found?.rows ?? 0;
    },
    page: (importId, afterLine, limit) => page(db, importId, afterLine, limit),
    async drop(importId) {
      await db.delete(staged).where(eq(staged.importId, importId));
    },
    async dropOld(ageMs) {
      await db.execute(sql`
        delete from product_import_rows
        where created_at < now() - ${ageMs / 1_000}::double precision * interval '1 second'`);
    },
    async lockProducts(importId) {
      // Counted outside, so that no row of it travels.
      await db.execute(sql`
        select count(*) from (
          select id from products where id in (
            select product_id from product_import_rows
            where import_id = ${importId} and not is_new)
          order by id for update) as locked`);
    },
    async insertProducts(made, now) {
      if (made.length === 0) return;
      await db.execute(sql`
        insert into products
          (id, name, description, image_url, price_minor, currency, created_at, updated_at)
        select id, name, description, "imageUrl", "priceMinor", currency, at, at
        from (select ${new Date(now).toISOString()}::timestamptz as at) as moment,
          jsonb_to_recordset(${JSON.stringify(made)}::text::jsonb)
            as r(id text, name text, description text, "imageUrl" text, "priceMinor" bigint,
                 currency text)`);
    },
    async updateProducts(changed, now) {
      if (changed.length === 0) return;
      await db.execute(sql`
        update products as p
        set name = r.name, description = r.description, image_url = r."imageUrl",
            price_minor = r."priceMinor", currency = r.currency,
            version = p.version + 1, updated_at = ${new Date(now).toISOString()}::timestamptz
        from jsonb_to_recordset(${JSON.stringify(changed)}::text::jsonb)
          as r(id text, name text, description text, "imageUrl" text, "priceMinor" bigint,
               currency text)
        where p.id = r.id`);
    },
    async addUnits(wanted) {
      for (const pieces of chunksOfUnits(wanted, unitsChunk)) await addChunk(db, pieces);
    },
  };
}

function flat({ id, row }: StagedRow) {
  const { line, kind, fields, stock } = row;
  return { line, id, isNew: kind === 'new', fields, stock };
}

const fieldsSchema = z.object({
  name: z.string(),
  description: z.string(),
  imageUrl: z.string().nullable(),
  priceMinor: z.number(),
  currency: z.string(),
});
const stagedSchema = z.union([
  z.object({ isNew: z.literal(true), fields: fieldsSchema, stock: z.number() }),
  z.object({
    isNew: z.literal(false),
    fields: fieldsSchema.partial(),
    stock: z.number().nullable(),
  }),
]);

async function page(
  db: Executor,
  importId: string,
  afterLine: number,
  limit: number,
): ReturnType<ImportRows['page']> {
  const rows = await db
    .select()
    .from(staged)
    .where(and(eq(staged.importId, importId), gt(staged.line, afterLine)))
    .orderBy(asc(staged.line))
    .limit(limit);
  const ids = rows.filter(({ isNew }) => !isNew).map(({ productId }) => productId);
  const before = new Map((await aliveProducts(db, ids)).map((product) => [product.id, product]));
  const sales = await liveSales(db, ids);
  return rows.map(({ productId: id, line, ...rest }) => ({
    id,
    row: rowOf(id, line, rest),
    before: before.get(id) ?? null,
    saleId: sales.get(id) ?? null,
  }));
}

function rowOf(id: string, line: number, stored: unknown): ImportedRow {
  const found = stagedSchema.parse(stored);
  return found.isNew
    ? { line, kind: 'new', fields: found.fields, stock: found.stock }
    : { line, kind: 'change', id, fields: found.fields, stock: found.stock };
}

async function liveSales(db: Executor, ids: string[]): Promise<Map<string, string>> {
  if (ids.length === 0) return new Map();
  const { productId, saleId, live } = saleProducts;
  const rows = await db
    .select({ productId, saleId })
    .from(saleProducts)
    .where(and(inArray(productId, ids), eq(live, true)));
  return new Map(rows.map((row) => [row.productId, row.saleId]));
}

type Piece = { id: string; from: number; count: number; number: number };

/** Units of one product from its `from`th on; `number` counts them all, so that ids differ. */
function* chunksOfUnits(
  wanted: readonly { id: string; add: number; present: number }[],
  unitsMax: number,
): Generator<Piece[]> {
  let pieces: Piece[] = [];
  let units = 0;
  let number = 0;
  for (const { id, add, present } of wanted) {
    for (let done = 0; done < add; ) {
      const count = Math.min(add - done, unitsMax - units);
      pieces.push({ id, from: present + done, count, number });
      done += count;
      units += count;
      number += count;
      if (units < unitsMax) continue;
      yield pieces;
      pieces = [];
      units = 0;
    }
  }
  if (pieces.length > 0) yield pieces;
}

/** Ids and shards as `addUnits` in product-rows.ts gives them. */
async function addChunk(db: Executor, pieces: readonly Piece[]): Promise<void> {
  const prefix = newId('unit').slice(0, 'unit_'.length + 10);
  await db.execute(sql`
    insert into units (id, product_id, shard)
    select ${prefix}::text || lpad(to_hex(r.number + n), 6, '0')
           || substr(gen_random_uuid()::text, 25, 10),
           r.id, (r."from" + n) % ${stockShards}::int
    from jsonb_to_recordset(${JSON.stringify(pieces)}::text::jsonb)
           as r(id text, "from" bigint, count int, number int),
         generate_series(0, r.count - 1) as n`);
}
