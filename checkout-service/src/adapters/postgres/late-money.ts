import { z } from 'zod';
import type { LateReply } from '../../app/ports.ts';
import { transition } from '../../domain/order-machine.ts';
import { type StoredOrder, unitsTaken } from '../../domain/order-view.ts';
import { decideLate, type LateBudget, type StoredPayment } from '../../domain/payment-rules.ts';
import { countBuyer } from './buyer-units.ts';
import { followRefund, isTold, moneyOf, movePayment } from './payment-changes.ts';
import { lockPayment, notePayment } from './payment-rows.ts';
import type { Sql, Transaction } from './pool.ts';
import { giveUpPromise, reportPromise } from './room-reports.ts';

const actor = 'system:late-money';

/**
 * What becomes of money that came for an expired order, in one transaction: the units anew and
 * the order paid, or the money on its way back. Whoever comes second finds it decided.
 */
export async function placeLateMoney(
  sql: Sql,
  paymentId: string,
  budget: LateBudget,
  mayWait: boolean,
): Promise<LateReply> {
  return await sql.begin(async (tx): Promise<LateReply> => {
    const found = await lockPayment(tx, paymentId);
    if (!found) return { kind: 'decided' };
    const { payment, order } = found;
    if (payment.state !== 'late') {
      // The money went back while the room was asked.
      if (budget === 'promised') await giveUpPromise(tx, payment, order);
      return { kind: 'decided' };
    }
    const decision = decideLate(order.state, budget);
    if (decision.kind === 'refund') return await giveBack(tx, payment, order, decision.why);
    const claimed = await claimAgain(tx, order);
    if (claimed.kind === 'busy' && mayWait) return { kind: 'busy' };
    if (claimed.kind !== 'claimed') return await giveBack(tx, payment, order, claimed.kind);
    await movePayment(tx, payment.id, 'succeeded');
    await buyAgain(tx, payment, order, claimed.units);
    return { kind: 'bought', saleId: order.saleId };
  });
}

type Claimed =
  | { kind: 'claimed'; units: { id: string; productId: string }[] }
  | { kind: 'sold-out' | 'limit' | 'busy' };

/** All lines or none. Units before buyers, as claims lock them, and no unit is waited for. */
async function claimAgain(tx: Transaction, order: StoredOrder): Promise<Claimed> {
  const units: { id: string; productId: string }[] = [];
  if (await isElsewhere(tx, order)) return { kind: 'sold-out' };
  for (const { productId, quantity } of order.lines) {
    const rows = await tx`
      select id from units where product_id = ${productId} and state = 'free'
      order by shard, id limit ${quantity} for update skip locked`;
    if (rows.length < quantity) {
      const [count] = await tx`
        select count(*)::int as free from units
        where product_id = ${productId} and state = 'free'`;
      // Rows that a claim has locked may stay free: whether they do is known in a moment.
      return { kind: Number(count?.free) < quantity ? 'sold-out' : 'busy' };
    }
    units.push(...rows.map((row) => ({ id: z.string().parse(row.id), productId })));
  }
  return (await countBuyer(tx, order.id, unitsTaken(order)))
    ? { kind: 'claimed', units }
    : { kind: 'limit' };
}

/** After the close of a sale its products may be in the next one, whose room promises its units. */
async function isElsewhere(tx: Transaction, order: StoredOrder): Promise<boolean> {
  const products = order.lines.map((line) => line.productId);
  const rows = await tx`
    select from sale_products
    where product_id = any(${products}::text[]) and live and sale_id <> ${order.saleId} limit 1`;
  return rows.length > 0;
}

async function buyAgain(
  tx: Transaction,
  payment: StoredPayment,
  order: StoredOrder,
  units: { id: string; productId: string }[],
): Promise<void> {
  const result = transition(order.state, 'buy-again');
  if (result.kind === 'refused') throw new Error(`an order that is ${order.state} is not for sale`);
  const ids = units.map((unit) => unit.id);
  const detail = JSON.stringify({ ...moneyOf(payment), boughtAgain: true });
  const products = units.map((unit) => unit.productId);
  await tx`
    update orders set state = ${result.to}, paid_at = now(), failure = null, version = version + 1
    where id = ${order.id}`;
  await tx`update units set state = 'sold', order_id = ${order.id} where id = any(${ids}::text[])`;
  await tx`
    insert into order_units (order_id, unit_id, product_id)
    select ${order.id}, unit_id, product_id
    from unnest(${ids}::text[], ${products}::text[]) as n(unit_id, product_id)
    on conflict (order_id, unit_id) do update set live = true`;
  await tx`
    insert into ledger (actor, action, sale_id, order_id, unit_ids, detail)
    values (${actor}, 'order.paid', ${order.saleId}, ${order.id}, ${ids}::text[],
      ${detail}::text::jsonb)`;
  await reportPromise(tx, order, { kind: 'bought', taken: unitsTaken(order) });
  await tx`
    insert into outbox (topic, sale_id, payload)
    select 'job', o.sale_id, jsonb_build_object(
      'kind', 'notice', 'notice', 'order-paid', 'orderId', o.id)
    from orders o where o.id = ${order.id} and ${isTold(tx)}`;
}

async function giveBack(
  tx: Transaction,
  payment: StoredPayment,
  order: StoredOrder,
  why: string,
): Promise<LateReply> {
  await movePayment(tx, payment.id, 'refunding');
  await notePayment(tx, payment, actor, 'payment.not-placed', { why });
  await followRefund(tx, payment);
  // Also where no promise was heard of: its answer may have been lost. A paid order has used it.
  if (order.state === 'expired') await reportPromise(tx, order, { kind: 'ended', taken: 0 });
  return { kind: 'refunding', saleId: order.saleId };
}
