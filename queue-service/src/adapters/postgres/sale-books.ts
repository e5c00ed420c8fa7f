import { orderStates } from '@fairgate/shared/order.ts';
import { type SQL, sql } from 'drizzle-orm';
import { z } from 'zod';
import type { SaleBooks } from '../../app/summary-ports.ts';
import { type SlotChanges, slotsMax } from '../../domain/sell-through.ts';
import { type Tally, tallyOf, type UnitsOfOrders } from '../../domain/tally.ts';
import type { Executor } from './executor.ts';

const state = z.enum(orderStates);
const count = z.coerce.number();
const countsSchema = z.array(z.object({ state, orders: count }));
const amountsSchema = z.array(
  z.object({ product_id: z.string(), state, units: count, minor: count }).transform((row) => {
    const { product_id: productId, ...amount } = row;
    return { productId, ...amount };
  }),
);

/** The orders as their tables have them. */
export async function orderTally(db: Executor, saleId: string): Promise<Tally> {
  const counts = await db.execute(sql`
    select state, count(*) as orders from orders where sale_id = ${saleId} group by state`);
  const amounts = await db.execute(sql`
    select l.product_id, o.state, sum(l.quantity) as units,
      sum(l.quantity * l.unit_price_minor) as minor
    from orders o join order_lines l on l.order_id = o.id
    where o.sale_id = ${saleId} group by l.product_id, o.state`);
  return tallyOf(countsSchema.parse([...counts]), amountsSchema.parse([...amounts]));
}

/** All three books of a sale, consistent where `db` is one snapshot. */
export async function saleBooks(db: Executor, saleId: string): Promise<SaleBooks> {
  return {
    books: {
      tables: await orderTally(db, saleId),
      ledger: await ledgerTally(db, saleId),
      units: await unitsOfOrders(db, saleId),
    },
    course: await course(db, saleId),
  };
}

/** Lines of the ledger that place an order or move it to another state. */
const orderLinesOf = (saleId: string): SQL => sql`
  ledger l where l.sale_id = ${saleId} and l.order_id is not null and l.action in
    ('order.placed', 'order.paid', 'order.expired', 'order.cancelled', 'order.refunded')`;

/**
 * The orders as the ledger alone tells of them: the last line of each says its state, the first one
 * what was ordered. Lines of before it did (v0.1.0) have their items from the table.
 */
async function ledgerTally(db: Executor, saleId: string): Promise<Tally> {
  const rows = await db.execute(sql`
    with entry as materialized (
      select l.id, l.order_id, l.action, l.detail -> 'items' as items
      from ${orderLinesOf(saleId)}
    ),
    final as materialized (
      select distinct on (order_id) order_id,
        case action when 'order.placed' then 'awaiting_payment' else substr(action, 7) end as state
      from entry order by order_id, id desc
    ),
    item as (
      select p.order_id, i."productId" as product_id, i.quantity, i."unitPriceMinor" as minor
      from entry p cross join lateral jsonb_to_recordset(coalesce(p.items, (
        select jsonb_agg(jsonb_build_object('productId', t.product_id, 'quantity', t.quantity,
          'unitPriceMinor', t.unit_price_minor))
        from order_lines t where t.order_id = p.order_id)))
        as i("productId" text, quantity bigint, "unitPriceMinor" bigint)
      where p.action = 'order.placed'
    )
    select null as product_id, state, count(*) as orders, 0 as units, 0 as minor
    from final group by state
    union all
    select i.product_id, f.state, 0, sum(i.quantity), sum(i.quantity * i.minor)
    from item i join final f using (order_id) group by i.product_id, f.state`);
  const all = [...rows];
  const ofOrders = all.filter((row) => row.product_id === null);
  const ofProducts = all.filter((row) => row.product_id !== null);
  return tallyOf(countsSchema.parse(ofOrders), amountsSchema.parse(ofProducts));
}

const unitsSchema = z.array(z.object({ product_id: z.string(), held: count, sold: count }));

/** Units that the stock says to be held or sold for live orders of the sale. */
async function unitsOfOrders(db: Executor, saleId: string): Promise<UnitsOfOrders> {
  const rows = await db.execute(sql`
    select u.product_id, count(*) filter (where u.state = 'held') as held,
      count(*) filter (where u.state = 'sold') as sold
    from orders o
    join order_units ou on ou.order_id = o.id and ou.live
    join units u on u.id = ou.unit_id and u.order_id = o.id
    where o.sale_id = ${saleId} and o.state in ('awaiting_payment', 'paid')
    group by u.product_id`);
  return new Map(
    unitsSchema.parse([...rows]).map(({ product_id, ...counts }) => [product_id, counts]),
  );
}

const courseSchema = z.array(
  z.object({ first_at: count, last_at: count, slot: count, sold: count, paid: count }),
);

/**
 * Units by slots of equal length from the first order to the last change. A line has the units that
 * it moved: an order that late money bought again takes its units anew.
 */
async function course(db: Executor, saleId: string): Promise<SlotChanges> {
  const rows = await db.execute(sql`
    with entry as materialized (
      select extract(epoch from l.at)::float8 * 1000 as at, l.action,
        cardinality(l.unit_ids) as units, l.detail ? 'boughtAgain' as again
      from ${orderLinesOf(saleId)}
    ),
    span as materialized (select min(at) as first_at, max(at) as last_at from entry),
    change as (
      select least(${slotsMax - 1}::int, floor((e.at - s.first_at) * ${slotsMax}::int
          / greatest(s.last_at - s.first_at, 0.001))::int) as slot,
        case when e.action = 'order.placed' or (e.action = 'order.paid' and e.again) then e.units
          when e.action = 'order.paid' then 0 else -e.units end as sold,
        case e.action when 'order.paid' then e.units when 'order.refunded' then -e.units
          else 0 end as paid
      from entry e cross join span s
    )
    select s.first_at, s.last_at, c.slot, sum(c.sold) as sold, sum(c.paid) as paid
    from change c cross join span s group by s.first_at, s.last_at, c.slot`);
  const changes = courseSchema.parse([...rows]);
  const [span] = changes;
  return {
    firstAt: span?.first_at ?? 0,
    lastAt: span?.last_at ?? 0,
    changes: changes.map(({ slot, sold, paid }) => ({ slot, sold, paid })),
  };
}
