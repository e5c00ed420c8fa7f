import { transition } from '../../domain/order-machine.ts';
import { type StoredOrder, unitsTaken } from '../../domain/order-view.ts';
import type { StoredPayment } from '../../domain/payment-rules.ts';
import type { Transaction } from './pool.ts';

/** The room counts unpaid orders by their deadline, and has to know a new one. */
export async function reportExtended(sql: Transaction, orderId: string): Promise<void> {
  await sql`
    insert into outbox (topic, sale_id, payload)
    select 'room', o.sale_id, jsonb_build_object(
      'kind', 'extended', 'jti', o.jti, 'visitor', o.visitor,
      'number', coalesce(r.place, o.number), 'max', r.max,
      'taken', (select sum(quantity) from order_lines where order_id = o.id), 'returned', 0,
      'payBefore', floor(extract(epoch from o.pay_before) * 1000)::bigint)
    from orders o join redemptions r on r.jti = o.jti where o.id = ${orderId}`;
}

/** The room's promise is kept under this key; see `Room.promise` for what has to follow it. */
export async function reportPromise(
  tx: Transaction,
  order: StoredOrder,
  report: { kind: 'bought' | 'ended'; taken: number },
): Promise<void> {
  await tx`
    insert into outbox (topic, sale_id, payload)
    values ('room', ${order.saleId}, jsonb_build_object(
      'kind', ${report.kind}::text, 'jti', ${`again:${order.id}`}::text,
      'visitor', ${order.visitor}::text, 'number', ${order.place}::bigint,
      'max', ${unitsTaken(order)}::int, 'taken', ${report.taken}::int, 'returned', 0,
      'payBefore', ${Math.floor(order.payBeforeMs)}::bigint))`;
}

/**
 * Late money that is none any more, for which the room may have promised units: they come back,
 * unless the order got them, or another late payment of it is still to be decided.
 */
export async function giveUpPromise(
  tx: Transaction,
  payment: StoredPayment,
  order: StoredOrder,
): Promise<void> {
  if (transition(order.state, 'buy-again').kind === 'refused') return;
  const others = await tx`
    select from payments
    where order_id = ${order.id} and state = 'late' and id <> ${payment.id} limit 1`;
  if (others.length === 0) await reportPromise(tx, order, { kind: 'ended', taken: 0 });
}
