import type { PaymentJob } from '../../app/ports.ts';
import { transition } from '../../domain/order-machine.ts';
import type { StoredOrder } from '../../domain/order-view.ts';
import {
  amountFailure,
  type PaymentDecision,
  type PaymentNews,
  type StoredPayment,
  withdrawnFailure,
} from '../../domain/payment-rules.ts';
import { endOrder } from './order-changes.ts';
import { notePayment } from './payment-rows.ts';
import type { Transaction } from './pool.ts';
import { giveUpPromise } from './room-reports.ts';

/** What the books say after each decision; the caller has locked the order, then the payment. */
export async function carryOut(
  tx: Transaction,
  { payment, order }: { payment: StoredPayment; order: StoredOrder },
  decision: PaymentDecision,
  news: PaymentNews,
  withdrawable: readonly string[],
): Promise<void> {
  const actor = `provider:${payment.provider}`;
  const reference = 'reference' in news ? news.reference : null;
  const detail = moneyOf(payment);
  const isOpen = transition(order.state, 'decline').kind === 'moved';
  const move = (state: StoredPayment['state'], failure: string | null = null) =>
    movePayment(tx, payment.id, state, failure, reference);
  switch (decision.kind) {
    case 'pay':
      await move('succeeded');
      await endOrder(tx, order, { change: 'pay', actor, detail, withdrawable });
      return;
    case 'late':
      await move('late');
      await notePayment(tx, payment, actor, 'payment.late', { why: 'order-ended' });
      await addJob(tx, payment, 'late');
      return;
    case 'refund':
      await move('refunding');
      await notePayment(tx, payment, actor, 'payment.not-taken', {
        why: decision.why,
        ...receivedOf(news),
      });
      if (decision.why === 'amount' && isOpen) await tellFailure(tx, order.id, amountFailure);
      await followRefund(tx, payment);
      return;
    case 'decline':
      await move('failed', decision.failure);
      // The order tells of the payment under way, not of one before it.
      if (isOpen && !(await isOtherUnderWay(tx, payment))) {
        await tellFailure(tx, order.id, decision.failure);
        await addNotice(tx, payment, 'payment-failed');
      }
      await notePayment(tx, payment, actor, 'payment.declined', { failure: decision.failure });
      return;
    case 'withdraw':
      await move('failed', withdrawnFailure);
      await notePayment(tx, payment, actor, 'payment.withdrawn');
      return;
    case 'mark-refunded':
      await move('refunded');
      if (payment.state === 'late') await giveUpPromise(tx, payment, order);
      await notePayment(tx, payment, actor, 'payment.refunded');
      return;
    case 'end-refunded':
      await move('refunded');
      await notePayment(tx, payment, actor, 'payment.refunded');
      await endOrder(tx, order, { change: 'refund', actor, detail, withdrawable });
      return;
    case 'refund-again':
      // No job, and no new count of tries: the sweep comes to it, after ever longer pauses.
      await tx`
        update payments set state = 'refunding', refund_attempt = refund_attempt + 1,
          updated_at = now() where id = ${payment.id}`;
      await notePayment(tx, payment, actor, 'payment.refund-failed', {
        attempt: payment.refundAttempt,
      });
      return;
    case 'nothing':
      return;
  }
}

/** What came, where it may be another sum than was asked for. */
function receivedOf(news: PaymentNews): { receivedMinor?: number; receivedCurrency?: string } {
  if (news.kind !== 'succeeded') return {};
  return { receivedMinor: news.amountMinor, receivedCurrency: news.currency };
}

async function isOtherUnderWay(tx: Transaction, payment: StoredPayment): Promise<boolean> {
  const rows = await tx`
    select from payments
    where order_id = ${payment.orderId} and state = 'processing' and id <> ${payment.id} limit 1`;
  return rows.length > 0;
}

/** Which payment changed an order, for its line in the ledger. */
export function moneyOf({ id: paymentId, amountMinor }: StoredPayment) {
  return { paymentId, amountMinor };
}

/** Why an order is not paid yet, for its shopper. */
export async function tellFailure(
  tx: Transaction,
  orderId: string,
  failure: string | null,
): Promise<void> {
  await tx`update orders set failure = ${failure}, version = version + 1 where id = ${orderId}`;
}

/** `updated_at` tells since when a payment is in its state, or when it was last tried. */
export async function movePayment(
  tx: Transaction,
  paymentId: string,
  state: StoredPayment['state'],
  failure: string | null = null,
  reference: string | null = null,
): Promise<void> {
  await tx`
    update payments set state = ${state}, failure = ${failure}, updated_at = now(),
      tries = case when ${state === 'refunding'} then 0 else tries end,
      reference = coalesce(${reference}, reference)
    where id = ${paymentId}`;
}

/** Money that bought nothing goes back: the call to the provider, and the mail about it. */
export async function followRefund(tx: Transaction, payment: StoredPayment): Promise<void> {
  await addJob(tx, payment, 'refund');
  await addNotice(tx, payment, 'payment-refunded');
}

/** A notice about this payment, where the shopper can be told. */
async function addNotice(
  tx: Transaction,
  payment: StoredPayment,
  notice: 'payment-failed' | 'payment-refunded',
): Promise<void> {
  await tx`
    insert into outbox (topic, sale_id, payload)
    select 'job', o.sale_id, jsonb_build_object(
      'kind', 'notice', 'notice', ${notice}::text, 'orderId', o.id,
      'paymentId', ${payment.id}::text)
    from orders o where o.id = ${payment.orderId} and ${isTold(tx)}`;
}

/** Of an order `o`: its shopper left an address, or has subscribed to push messages. */
export function isTold(tx: Transaction) {
  return tx`(o.email is not null or exists (
    select from place_subscriptions p
    where p.sale_id = o.sale_id and p.visitor = o.visitor and p.push is not null))`;
}

/** A call to the provider, or a decision, that has to follow this transaction (D9). */
export async function addJob(
  tx: Transaction,
  payment: Pick<StoredPayment, 'id' | 'saleId'>,
  kind: PaymentJob['kind'],
): Promise<void> {
  await tx`
    insert into outbox (topic, sale_id, payload)
    values ('payment', ${payment.saleId},
      jsonb_build_object('kind', ${kind}::text, 'paymentId', ${payment.id}::text))`;
}
