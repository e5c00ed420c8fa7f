import type { Sql } from 'postgres';
import { z } from 'zod';

/** What Postgres holds of a sale's products at one instant, all products together. */
export type Holdings = {
  total: number;
  free: number;
  held: number;
  sold: number;
  orders: number;
  awaiting: number;
  paid: number;
};

/** Each query counts what must not be; `$1` is the sale. Read from the rows, not from counters. */
const faultQueries = {
  'units in two live orders': `
    select u.unit_id from order_units u join orders o on o.id = u.order_id
    where o.sale_id = $1 and o.state in ('awaiting_payment', 'paid')
    group by u.unit_id having count(*) > 1`,
  'units of a paid order that are not sold to it': `
    select 1 from orders o join order_units u on u.order_id = o.id
    left join units on units.id = u.unit_id and units.order_id = o.id and units.state = 'sold'
    where o.sale_id = $1 and o.state = 'paid' and units.id is null`,
  'units of an unpaid live order that are not held by it': `
    select 1 from orders o join order_units u on u.order_id = o.id
    left join units on units.id = u.unit_id and units.order_id = o.id and units.state = 'held'
    where o.sale_id = $1 and o.state = 'awaiting_payment' and units.id is null`,
  'live orders with more or fewer units than ordered': `
    select 1 from orders o where o.sale_id = $1 and o.state in ('awaiting_payment', 'paid') and
    (select sum(quantity) from order_lines l where l.order_id = o.id) is distinct from
    (select count(*) from units where units.order_id = o.id)`,
  'held units without an order that awaits payment': `
    select 1 from units left join orders o on o.id = units.order_id
    where units.product_id in (select product_id from sale_products where sale_id = $1)
    and units.state = 'held' and o.state is distinct from 'awaiting_payment'`,
  'sold units without a paid order': `
    select 1 from units left join orders o on o.id = units.order_id
    where units.product_id in (select product_id from sale_products where sale_id = $1)
    and units.state = 'sold' and o.state is distinct from 'paid'`,
  'tokens that became two orders': `
    select 1 from orders where sale_id = $1 group by jti having count(*) > 1`,
} as const;

const holdingsQuery = `
  select count(*) as total, count(*) filter (where state = 'free') as free,
    count(*) filter (where state = 'held') as held, count(*) filter (where state = 'sold') as sold,
    (select count(*) from orders where sale_id = $1) as orders,
    (select count(*) from orders where sale_id = $1 and state = 'awaiting_payment') as awaiting,
    (select count(*) from orders where sale_id = $1 and state = 'paid') as paid
  from units where product_id in (select product_id from sale_products where sale_id = $1)`;

const countShape = z.coerce.number();
const holdingsShape = z.object({
  total: countShape,
  free: countShape,
  held: countShape,
  sold: countShape,
  orders: countShape,
  awaiting: countShape,
  paid: countShape,
});

/**
 * Checks every invariant of a sale's units and orders in one snapshot of Postgres, and returns what
 * it holds. Throws, naming each that is broken. `total` is how many units there have to be.
 */
export async function unitsAddUp(sql: Sql, saleId: string, total: number): Promise<Holdings> {
  const { holdings, broken } = await sql.begin('isolation level repeatable read', async (tx) => {
    const [row] = await tx.unsafe(holdingsQuery, [saleId]);
    const found: string[] = [];
    for (const [name, query] of Object.entries(faultQueries)) {
      const rows = await tx.unsafe(query, [saleId]);
      if (rows.length > 0) found.push(`${rows.length} ${name}`);
    }
    return { holdings: holdingsShape.parse(row), broken: found };
  });
  const { free, held, sold } = holdings;
  if (holdings.total !== total) broken.push(`${holdings.total} units instead of ${total}`);
  if (free + held + sold !== total) broken.push(`${free} + ${held} + ${sold} is not ${total}`);
  if (broken.length > 0) throw new Error(`Units do not add up in ${saleId}: ${broken.join('; ')}`);
  return holdings;
}
