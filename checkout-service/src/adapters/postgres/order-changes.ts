import { z } from 'zod';
import { type OrderChange, transitionOf } from '../../domain/order-machine.ts';
import { type StoredOrder, unitsTaken } from '../../domain/order-view.ts';
import { withdrawnFailure } from '../../domain/payment-rules.ts';
import { uncountBuyers } from './buyer-units.ts';
import type { Transaction } from './pool.ts';

/** Changes that end a hold, and what the rest of the world hears of each. */
const endings = {
  pay: { units: 'sold', action: 'order.paid', notice: 'order-paid' },
  expire: { units: 'free', action: 'order.expired', notice: 'order-expired' },
  cancel: { units: 'free', action: 'order.cancelled', notice: 'order-cancelled' },
  refund: { units: 'free', action: 'order.refunded', notice: 'order-refunded' },
} as const satisfies Partial<Record<OrderChange, object>>;
export type Ending = keyof typeof endings;

const endedSchema = z.array(
  z.object({ order_id: z.string(), sale_id: z.string(), taken: z.number() }),
);

export type EndingOrders = {
  orderIds: readonly string[];
  change: Ending;
  actor: string;
  /** What the ledger says besides. */
  detail?: Record<string, string | number>;
  /** Providers that can end a payment: what may still be paid there is withdrawn. */
  withdrawable: readonly string[];
};
export type EndedOrder = { orderId: string; saleId: string; unitsMoved: number };

/**
 * Ends orders in one statement: state, units, payments, ledger, outbox. The caller has locked the rows in
 * `orders`; those in a state that the table of transitions does not allow are left as they are.
 */
export async function endOrders(
  sql: Transaction,
  { orderIds, change, actor, detail = {}, withdrawable }: EndingOrders,
): Promise<EndedOrder[]> {
  const { from, to } = transitionOf(change);
  const { units, action, notice } = endings[change];
  const sold = units === 'sold';
  const rows = await sql`
    with ended as (
      update orders set state = ${to}, version = version + 1,
        paid_at = case when ${sold} then now() else paid_at end,
        failure = case when ${sold} then null else failure end
      -- Not "state = any": the index of all unpaid orders would do for it.
      where id = any(${[...orderIds]}::text[]) and array[state] <@ ${from}::text[]
      returning id, sale_id, jti, visitor, number, email, paid_elsewhere, pay_before,
        -- An order that was bought again has its units by a promise of their own (late-money.ts).
        case when ${change === 'refund'} and exists (
          select from ledger l where l.order_id = orders.id and l.action = 'order.expired')
          then 'again:' || id else jti end as key
    ),
    unit as (
      update units u set state = ${units}, order_id = case when ${sold} then u.order_id end
      from order_units ou join ended e on e.id = ou.order_id
      where ou.live and u.id = ou.unit_id and u.order_id = ou.order_id
      returning u.id, ou.order_id
    ),
    given_up as (
      update order_units ou set live = false from ended e
      where ou.order_id = e.id and ou.live and not ${sold}
    ),
    sheet as (
      select e.id as order_id, count(u.id)::int as taken,
        coalesce(array_agg(u.id order by u.id) filter (where u.id is not null), '{}') as unit_ids
      from ended e left join unit u on u.order_id = e.id
      group by e.id
    ),
    noted as (
      insert into ledger (actor, action, sale_id, order_id, unit_ids, detail)
      select ${actor}, ${action}, e.sale_id, e.id, s.unit_ids,
        ${JSON.stringify(detail)}::text::jsonb
      from ended e join sheet s on s.order_id = e.id
    ),
    withdrawing as (
      update payments p set state = 'withdrawing', tries = 0, updated_at = now()
      from ended e
      where p.order_id = e.id and p.provider = any(${[...withdrawable]}::text[])
        and (p.state = 'processing' or (p.state = 'failed' and p.reference is not null
          and p.failure is distinct from ${withdrawnFailure}))
      returning p.id, p.sale_id
    ),
    -- What of the order the room may hear only after this (settle.lua).
    untold as materialized (
      select e.key as jti, max(o.id) as id
      from ended e join outbox o on o.payload ->> 'jti' = e.key
      where o.topic in ('room', 'refused') and o.payload ->> 'kind' in ('spent', 'bought')
      group by e.key
    ),
    told as (
      insert into outbox (topic, sale_id, payload)
      select 'room', e.sale_id, jsonb_build_object(
        'kind', 'ended', 'visitor', e.visitor, 'number', coalesce(r.place, e.number),
        'jti', e.key, 'after', coalesce(t.id, 0),
        'max', case when e.key = e.jti then r.max else s.taken end,
        'taken', s.taken, 'returned', case when ${sold} then 0 else s.taken end,
        'payBefore', floor(extract(epoch from e.pay_before) * 1000)::bigint)
      from ended e join redemptions r on r.jti = e.jti join sheet s on s.order_id = e.id
      left join untold t on t.jti = e.key
      union all
      select 'job', e.sale_id, jsonb_build_object(
        'kind', 'notice', 'notice', ${notice}::text, 'orderId', e.id)
      -- The page of an order that was paid elsewhere opens for nobody: no push leads there.
      from ended e where e.email is not null or not e.paid_elsewhere and exists (
        select from place_subscriptions p
        where p.sale_id = e.sale_id and p.visitor = e.visitor and p.push is not null)
      union all
      select 'payment', sale_id, jsonb_build_object('kind', 'withdraw', 'paymentId', id)
      from withdrawing
    )
    select e.id as order_id, e.sale_id, s.taken
    from ended e join sheet s on s.order_id = e.id`;
  const ended = endedSchema.parse([...rows]).map((row) => {
    return { orderId: row.order_id, saleId: row.sale_id, unitsMoved: row.taken };
  });
  if (!sold) {
    const ids = ended.map(({ orderId }) => orderId);
    await uncountBuyers(sql, ids);
  }
  return ended;
}

/** Ends one order. Throws, so that all is undone, unless it moved with every unit that it took. */
export async function endOrder(
  sql: Transaction,
  order: StoredOrder,
  ending: Omit<EndingOrders, 'orderIds'>,
): Promise<void> {
  const ended = await endOrders(sql, { ...ending, orderIds: [order.id] });
  const unitsMoved = ended[0]?.unitsMoved ?? 0;
  if (ended.length === 1 && unitsMoved === unitsTaken(order)) return;
  throw new Error(
    `${ending.change} of ${order.id}, which is ${order.state}, moved ${unitsMoved} units`,
  );
}

/** A line in the append-only log about an order whose units stay where they are. */
export async function noteInLedger(
  sql: Transaction,
  entry: {
    actor: string;
    action: string;
    saleId: string;
    orderId: string;
    detail: Record<string, string | number>;
  },
): Promise<void> {
  await sql`
    insert into ledger (actor, action, sale_id, order_id, detail)
    values (${entry.actor}, ${entry.action}, ${entry.saleId}, ${entry.orderId},
      ${JSON.stringify(entry.detail)}::text::jsonb)`;
}
