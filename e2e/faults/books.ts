import type { Sql } from 'postgres';
import { z } from 'zod';
import { call } from '../support/http.ts';
import { type Holdings, unitsAddUp } from '../support/invariants.ts';
import type { Checkouts } from './checkout-processes.ts';
import type { FaultSale } from './sale.ts';

/** Each query finds what must not be; `$1` is the sale. */
const ledgerFaults = {
  'orders without exactly one line of their making': `
    select o.id from orders o where o.sale_id = $1 and 1 <> (
      select count(*) from ledger l where l.order_id = o.id and l.action = 'order.placed')`,
  'orders whose last line tells another state': `
    select o.id, o.state, l.action from orders o
    left join lateral (
      select action from ledger where order_id = o.id and action in
        ('order.paid', 'order.expired', 'order.cancelled', 'order.refunded')
      order by id desc limit 1
    ) l on true
    where o.sale_id = $1
    and coalesce(l.action, 'order.awaiting_payment') <> 'order.' || o.state`,
  'units that are not as the log, read from its beginning, leaves them': `
    with last as (
      select distinct on (unit_id) unit_id, l.action, l.order_id
      from ledger l cross join unnest(l.unit_ids) as unit_id
      where l.sale_id = $1 and l.order_id is not null
      order by unit_id, l.id desc
    )
    select u.id, u.state, u.order_id, last.action from units u
    join sale_products sp on sp.product_id = u.product_id and sp.sale_id = $1
    left join last on last.unit_id = u.id
    where u.state is distinct from (case last.action
        when 'order.placed' then 'held' when 'order.paid' then 'sold' else 'free' end)
      or u.order_id is distinct from (case
        when last.action in ('order.placed', 'order.paid') then last.order_id end)`,
  'lines of orders that are not there': `
    select l.id from ledger l left join orders o on o.id = l.order_id
    where l.sale_id = $1 and l.order_id is not null and o.id is null`,
  'redemptions without their order, or orders without their redemption': `
    select 1 from (select * from orders where sale_id = $1) o
    full join (select * from redemptions where sale_id = $1 and kind = 'order') r
      on r.order_id = o.id and r.jti = o.jti
    where o.id is null or r.jti is null`,
  'paid orders without exactly one payment of their sum': `
    select o.id from orders o where o.sale_id = $1 and o.state = 'paid' and 1 <> (
      select count(*) from payments p where p.order_id = o.id and p.state = 'succeeded'
      and p.amount_minor = o.total_minor)`,
  'payments kept for orders that are not paid': `
    select p.id from payments p join orders o on o.id = p.order_id
    where p.sale_id = $1 and p.state = 'succeeded' and o.state <> 'paid'`,
} as const;

/**
 * The books of a sale balance: units, orders, tokens, ledger, and money as Postgres has it. Throws,
 * naming everything that is wrong; returns what there is.
 */
export async function booksBalance(sql: Sql, sale: FaultSale): Promise<Holdings> {
  const holdings = await unitsAddUp(sql, sale.saleId, sale.units);
  const broken = await sql.begin('isolation level repeatable read', async (tx) => {
    const found: string[] = [];
    for (const [name, query] of Object.entries(ledgerFaults)) {
      const rows = await tx.unsafe(query, [sale.saleId]);
      if (rows.length > 0) found.push(`${rows.length} ${name}: ${JSON.stringify(rows[0])}`);
    }
    return found;
  });
  if (broken.length > 0) throw new Error(`The books of ${sale.saleId}: ${broken.join('; ')}`);
  return holdings;
}

const paymentShape = z.object({ state: z.string(), amountMinor: z.number() });

/** What the provider itself has taken and not given back equals what was paid for, to the cent. */
export async function moneyBalances(checkouts: Checkouts, sale: FaultSale): Promise<void> {
  const { sql, sandbox } = checkouts;
  const [paid] = await sql`
    select coalesce(sum(total_minor), 0)::int as minor from orders
    where sale_id = ${sale.saleId} and state = 'paid'`;
  const asked = await sql`select id from payments where sale_id = ${sale.saleId}`;
  let keptMinor = 0;
  for (const { id } of asked) {
    const answer = await call(`${sandbox.url}/v1/payments/${id}`);
    if (answer.status === 404) continue;
    const payment = paymentShape.parse(JSON.parse(answer.text));
    if (payment.state === 'succeeded') keptMinor += payment.amountMinor;
  }
  if (keptMinor !== paid?.minor) {
    throw new Error(`the provider keeps ${keptMinor}, and ${paid?.minor} were paid`);
  }
}
