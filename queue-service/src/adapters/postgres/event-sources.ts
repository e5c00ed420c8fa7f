import type postgres from 'postgres';

type Queries = postgres.Sql | postgres.TransactionSql;
export type Fragment = ReturnType<typeof logEvents>;

/** Blocks have up to 2,000 lines. */
export const blocksMax = 4;
export const ledgerRowsMax = 4_000;

const columns = (sql: Queries) => sql`
  at, kind, sale_id, lane, number, seq, order_id, product_id, units, amount_minor, currency`;

export const insertEvents = (tx: Queries, rows: Fragment) => tx`
  insert into events (${columns(tx)}) select ${columns(tx)} from (${rows}) e`;

/** Lines of places in the blocks from `after` to `upTo`; those of the whole room have no number. */
export const logEvents = (
  sql: Queries,
  { saleId, after, upTo, keepFrom }: LogSpan & { keepFrom: string },
) => sql`
  select to_timestamp(l.at::float8 / 1000)::timestamptz(3) as at, l.kind, b.sale_id, l.lane,
    l.number, l.seq, null::text as order_id, null::text as product_id, null::int as units,
    null::bigint as amount_minor, null::text as currency
  from log_blocks b, json_to_recordset(
    ('[' || replace(rtrim(b.body, E'\\n'), E'\\n', ',') || ']')::json)
    as l(seq bigint, at bigint, kind text, lane text, number bigint)
  where b.sale_id = ${saleId} and b.first_seq > ${after}::bigint and b.last_seq <= ${upTo}::bigint
    and l.number > 0 and l.at >= ${Date.parse(keepFrom)}::bigint`;

export type LogSpan = { saleId: string; after: number; upTo: number };

const orderActions = ['placed', 'paid', 'expired', 'cancelled', 'refunded'].map(
  (change) => `order.${change}`,
);

/** A row for each line of the order that an entry of the ledger tells of. */
export const orderEvents = (
  sql: Queries,
  { after, upTo, keepFrom }: { after: number; upTo: number; keepFrom: string },
) => sql`
  select l.at, l.action as kind, o.sale_id, null::text as lane, coalesce(r.place, r.number) as number,
    l.id as seq, o.id as order_id, n.product_id, n.quantity as units,
    n.quantity * n.unit_price_minor as amount_minor, o.currency
  from ledger l
  join orders o on o.id = l.order_id
  join redemptions r on r.jti = o.jti
  join order_lines n on n.order_id = o.id
  where l.id > ${after}::bigint and l.id <= ${upTo}::bigint
    and l.action = any(${orderActions}::text[]) and l.at >= ${`${keepFrom}T00:00:00Z`}::timestamptz`;
