import { orderStates } from '@fairgate/shared/order.ts';
import { z } from 'zod';
import type { StoredOrder } from '../../domain/order-view.ts';
import type { Sql, Transaction } from './pool.ts';

const rowSchema = z.object({
  id: z.string(),
  sale_id: z.string(),
  jti: z.string(),
  visitor: z.string(),
  number: z.number(),
  place: z.number(),
  max: z.number(),
  state: z.enum(orderStates),
  total_minor: z.number(),
  currency: z.string(),
  email: z.string().nullable(),
  paid_elsewhere: z.boolean(),
  first_pay_before: z.date(),
  pay_before: z.date(),
  extended: z.boolean(),
  outage_seconds: z.number(),
  created_at: z.date(),
  paid_at: z.date().nullable(),
  failure: z.string().nullable(),
  version: z.number(),
  lines: z
    .array(
      z.object({
        productId: z.string(),
        quantity: z.number(),
        unitPriceMinor: z.number(),
        units: z.array(z.object({ id: z.string(), live: z.boolean() })).nullable(),
      }),
    )
    .nullable(),
});

/** Orders with their lines and units; ids that are no orders are left out. */
export async function readOrders(
  sql: Sql | Transaction,
  ids: readonly string[],
): Promise<StoredOrder[]> {
  const rows = await sql`
    select o.id, o.sale_id, o.jti, o.visitor, o.number, coalesce(r.place, o.number) as place,
      r.max, o.state, o.total_minor, o.currency, o.email, o.paid_elsewhere, o.first_pay_before, o.pay_before, o.extended, o.outage_seconds, o.created_at,
      o.paid_at, o.failure, o.version, (
        select jsonb_agg(jsonb_build_object(
          'productId', l.product_id, 'quantity', l.quantity, 'unitPriceMinor', l.unit_price_minor,
          'units', (
            select jsonb_agg(jsonb_build_object('id', u.unit_id, 'live', u.live) order by u.unit_id)
            from order_units u where u.order_id = l.order_id and u.product_id = l.product_id
          )) order by l.product_id)
        from order_lines l where l.order_id = o.id
      ) as lines
    from orders o
    join redemptions r on r.jti = o.jti
    where o.id = any(${[...ids]}::text[])`;
  return z
    .array(rowSchema)
    .parse([...rows])
    .map(storedOrder);
}

export async function readOrder(sql: Sql | Transaction, id: string): Promise<StoredOrder | null> {
  return (await readOrders(sql, [id]))[0] ?? null;
}

function storedOrder(row: z.infer<typeof rowSchema>): StoredOrder {
  return {
    id: row.id,
    saleId: row.sale_id,
    jti: row.jti,
    visitor: row.visitor,
    number: row.number,
    place: row.place,
    max: row.max,
    state: row.state,
    totalMinor: row.total_minor,
    currency: row.currency,
    email: row.email,
    paidElsewhere: row.paid_elsewhere,
    firstPayBeforeMs: row.first_pay_before.getTime(),
    payBeforeMs: row.pay_before.getTime(),
    extended: row.extended,
    outageSeconds: row.outage_seconds,
    createdAtMs: row.created_at.getTime(),
    paidAtMs: row.paid_at?.getTime() ?? null,
    failure: row.failure,
    version: row.version,
    lines: (row.lines ?? []).map((line) => ({ ...line, units: line.units ?? [] })),
  };
}

/** Postgres’ clock in ms, the one of all deadlines: those of the instances may differ. */
export async function nowOf(sql: Sql | Transaction): Promise<number> {
  const [row] = await sql`select extract(epoch from now())::float8 * 1000 as now_ms`;
  return z.object({ now_ms: z.number() }).parse(row).now_ms;
}
