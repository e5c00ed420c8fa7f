import type { SettleReport } from '@fairgate/shared/room/room.ts';
import { z } from 'zod';
import type { BooksStore, PendingReport, SaleBooks } from '../../app/room-ports.ts';
import { limits } from '../../limits.ts';
import { countUnits, orderReports } from './background-store.ts';
import { readOrders } from './order-rows.ts';
import type { Pool, Sql, Transaction } from './pool.ts';

const saleSchema = z.array(z.object({ id: z.string(), closed: z.boolean() }));
const countSchema = z.array(z.object({ redeemed: z.number() })).length(1);
const knownSchema = z.array(z.object({ jti: z.string(), order_id: z.string().nullable() }));
const jtiSchema = z.array(z.object({ jti: z.string() }));
const pendingSchema = z.array(
  z.object({
    id: z.number(),
    kind: z.string(),
    jti: z.string(),
    taken: z.number(),
    returned: z.number(),
  }),
);

export function postgresBooks(pool: Pool): BooksStore {
  return {
    sales: () => pool.run(sales),
    books: (saleId, from, limit) => pool.run((sql) => books(sql, saleId, from, limit)),
    reportsOf: (saleId, jtis) => pool.run((sql) => reportsOf(sql, saleId, jtis)),
  };
}

async function sales(sql: Sql) {
  const rows = await sql`
    select id, phase = 'closed' as closed from sales
    where deleted_at is null
      and (phase in ('open', 'paused')
        or (phase = 'scheduled' and starts_at < now() + interval '1 minute')
        or (phase = 'closed' and updated_at > now() - interval '2 hours'))`;
  return saleSchema
    .parse([...rows])
    .map(({ id: saleId, closed: isClosed }) => ({ saleId, isClosed }));
}

/** One snapshot: a report is either in the outbox or was delivered before it. */
async function books(sql: Sql, saleId: string, from: number, limit: number): Promise<SaleBooks> {
  return await sql.begin('isolation level repeatable read read only', async (tx) => {
    const counts = await countUnits(tx, saleId);
    const redemptions = await tx`
      select count(*)::int as redeemed from redemptions
      where sale_id = ${saleId} and kind = 'order'`;
    const awaiting = await tx`
      select jti from orders where sale_id = ${saleId} and state = 'awaiting_payment'
      order by id offset ${from} limit ${limit}`;
    const [first] = countSchema.parse([...redemptions]);
    return {
      counts,
      redeemed: first?.redeemed ?? 0,
      awaiting: jtiSchema.parse([...awaiting]).map((row) => row.jti),
      pending: await pending(tx, saleId),
    };
  });
}

async function pending(tx: Transaction, saleId: string): Promise<PendingReport[] | null> {
  const rows = await tx`
    select id, payload ->> 'kind' as kind, payload ->> 'jti' as jti,
      (payload ->> 'taken')::float8 as taken, (payload ->> 'returned')::float8 as returned
    from outbox where topic = 'room' and sale_id = ${saleId} order by id limit ${limits.reconcilePendingMax + 1}`;
  if (rows.length > limits.reconcilePendingMax) return null;
  return pendingSchema.parse([...rows]).map(({ id: seq, ...rest }) => ({ seq, ...rest }));
}

async function reportsOf(
  sql: Sql,
  saleId: string,
  jtis: readonly string[],
): Promise<Map<string, SettleReport[]>> {
  if (jtis.length === 0) return new Map();
  const rows = await sql`
    select j.jti, r.order_id from unnest(${[...jtis]}::text[]) as j(jti)
    left join redemptions r on r.jti = j.jti and r.kind = 'order'
    where not exists (
      select from outbox o where o.topic = 'room' and o.sale_id = ${saleId}
        and o.payload ->> 'jti' = j.jti)`;
  const found = knownSchema.parse([...rows]);
  const ids = found.flatMap((row) => (row.order_id === null ? [] : [row.order_id]));
  const orders = await readOrders(sql, ids);
  return new Map<string, SettleReport[]>([
    ...found.map((row): [string, SettleReport[]] => [row.jti, []]),
    ...orders.map((order): [string, SettleReport[]] => [order.jti, orderReports(order)]),
  ]);
}
