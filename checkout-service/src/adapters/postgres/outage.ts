import type { OutageBounds } from '../../app/ports.ts';
import { transition } from '../../domain/order-machine.ts';
import type { StoredOrder } from '../../domain/order-view.ts';
import {
  outageExtension,
  outageFailure,
  type StoredPayment,
  unansweredFailure,
} from '../../domain/payment-rules.ts';
import { noteInLedger } from './order-changes.ts';
import { nowOf } from './order-rows.ts';
import { addJob, movePayment, tellFailure } from './payment-changes.ts';
import { lockPayment, notePayment } from './payment-rows.ts';
import type { Sql, Transaction } from './pool.ts';
import { reportExtended } from './room-reports.ts';

const actor = 'system:outage';

/**
 * The provider gave no answer to a payment: it is asked about later, and the order that waits for
 * it says so and keeps its hold, in one transaction. News that came meanwhile go first.
 */
export async function payUnanswered(
  sql: Sql,
  paymentId: string,
  bounds: OutageBounds,
): Promise<void> {
  await whileProcessing(sql, paymentId, async (tx, { payment, order }) => {
    await movePayment(tx, paymentId, 'failed', unansweredFailure);
    await notePayment(tx, payment, actor, 'payment.unanswered');
    await addJob(tx, payment, 'look');
    await keepHold(tx, payment, order, bounds);
  });
}

/** The provider took a payment, and tells nothing of it now: it goes on, and its hold with it. */
export async function lookUnanswered(
  sql: Sql,
  paymentId: string,
  bounds: OutageBounds,
): Promise<void> {
  await whileProcessing(sql, paymentId, async (tx, { payment, order }) => {
    const isNew = await keepHold(tx, payment, order, bounds);
    if (isNew) await notePayment(tx, payment, actor, 'payment.unanswered');
  });
}

type Found = NonNullable<Awaited<ReturnType<typeof lockPayment>>>;

/** One transaction, with the payment locked; nothing where news of it came meanwhile. */
async function whileProcessing(
  sql: Sql,
  paymentId: string,
  act: (tx: Transaction, found: Found) => Promise<void>,
): Promise<void> {
  await sql.begin(async (tx) => {
    const found = await lockPayment(tx, paymentId);
    if (found?.payment.state === 'processing') await act(tx, found);
  });
}

/**
 * The provider never had the payment. `told`: what the order says of it, where its shopper has not
 * heard of it yet.
 */
export async function abandonPayment(
  sql: Sql,
  paymentId: string,
  failure: string,
  told: string | null,
): Promise<void> {
  await sql.begin(async (tx) => {
    const found = await lockPayment(tx, paymentId);
    if (!found || !['processing', 'withdrawing'].includes(found.payment.state)) return;
    const { payment, order } = found;
    await movePayment(tx, paymentId, 'failed', failure);
    await notePayment(tx, payment, actor, 'payment.abandoned', { failure });
    if (told !== null && transition(order.state, 'decline').kind === 'moved') {
      await tellFailure(tx, order.id, told);
    }
  });
}

/** True where the order did not say before that its provider is away. */
async function keepHold(
  tx: Transaction,
  payment: StoredPayment,
  order: StoredOrder,
  bounds: OutageBounds,
): Promise<boolean> {
  if (transition(order.state, 'extend').kind === 'refused') return false;
  const seconds = outageExtension(order, await nowOf(tx), bounds);
  const isNew = order.failure !== outageFailure;
  if (isNew) await tellFailure(tx, order.id, outageFailure);
  if (seconds === 0) return isNew;
  await tx`
    update orders set version = version + 1,
      pay_before = pay_before + make_interval(secs => ${seconds}),
      outage_seconds = outage_seconds + ${seconds}
    where id = ${order.id}`;
  const { saleId, id: orderId } = order;
  const detail = { why: 'outage', provider: payment.provider, seconds };
  await noteInLedger(tx, { actor, action: 'order.extended', saleId, orderId, detail });
  await reportExtended(tx, orderId);
  return isNew;
}
