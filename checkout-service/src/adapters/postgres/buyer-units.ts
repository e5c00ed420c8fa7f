import { z } from 'zod';
import type { Transaction } from './pool.ts';

/**
 * Takes the units of ended orders off their buyers' counts (claim.sql adds them). The rows are
 * locked first, in the order in which claims write them, so that the two cannot deadlock. Orders of
 * before the counting leave nothing below zero.
 */
export async function uncountBuyers(sql: Transaction, orderIds: readonly string[]): Promise<void> {
  if (orderIds.length === 0) return;
  const counted = sql`
    select o.sale_id, k.kind, k.buyer, sum(l.quantity)::int as units
    from orders o
    join order_lines l on l.order_id = o.id
    cross join lateral (
      values ('visitor', o.visitor), ('email', lower(o.email)), ('identity', o.identity)
    ) as k(kind, buyer)
    where o.id = any(${[...orderIds]}::text[]) and k.buyer is not null
    group by o.sale_id, k.kind, k.buyer`;
  await sql`
    select from buyer_units b
    join (${counted}) n using (sale_id, kind, buyer)
    order by b.sale_id, b.kind, b.buyer
    for update of b`;
  await sql`
    update buyer_units b set units = greatest(0, b.units - n.units)
    from (${counted}) n
    where b.sale_id = n.sale_id and b.kind = n.kind and b.buyer = n.buyer`;
}

const countsSchema = z.array(z.object({ units: z.number(), units_max: z.number() }));

/**
 * Adds the units of an order that is bought again to its buyer's counts; false, and nothing
 * written, where that would pass a limit.
 */
export async function countBuyer(
  sql: Transaction,
  orderId: string,
  units: number,
): Promise<boolean> {
  const ofBuyer = sql`
    o.id = ${orderId} and b.sale_id = o.sale_id and (b.kind, b.buyer) in (
      ('visitor', o.visitor), ('email', lower(o.email)), ('identity', o.identity))`;
  const rows = await sql`
    select b.units, b.units_max from buyer_units b, orders o where ${ofBuyer}
    order by b.kind, b.buyer for update of b`;
  const counts = countsSchema.parse([...rows]);
  if (counts.some((count) => count.units + units > count.units_max)) return false;
  await sql`
    update buyer_units b set units = b.units + ${units} from orders o where ${ofBuyer}`;
  return true;
}
