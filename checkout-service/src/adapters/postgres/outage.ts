import type { OutageBounds } from '../../app/ports.ts';
import { transition } from '../../domain/order-machine.ts';
import { outageExtension, outageFailure, unansweredFailure } from '../../domain/payment-rules.ts';
import { noteInLedger, reportExtended } from './order-changes.ts';
import { nowOf } from './order-rows.ts';
import { addJob } from './payment-changes.ts';
import { lockPayment } from './payment-rows.ts';
import type { Sql } from './pool.ts';

/**
 * The provider gave no answer to a payment: it is asked about later, and the order that waits for
 * it says so and keeps its hold, in one transaction. News that came meanwhile go first.
 */
export async function payUnanswered(
  sql: Sql,
  paymentId: string,
  bounds: OutageBounds,
): Promise<void> {
  await sql.begin(async (tx) => {
    const found = await lockPayment(tx, paymentId);
    if (found?.payment.state !== 'processing') return;
    const { payment, order } = found;
    await tx`
      update payments set state = 'failed', failure = ${unansweredFailure}, updated_at = now()
      where id = ${paymentId}`;
    await addJob(tx, payment, 'look');
    if (transition(order.state, 'extend').kind === 'refused') return;
    const seconds = outageExtension(order, await nowOf(tx), bounds);
    await tx`
      update orders set failure = ${outageFailure}, version = version + 1,
        pay_before = pay_before + make_interval(secs => ${seconds}),
        outage_seconds = outage_seconds + ${seconds}
      where id = ${order.id}`;
    if (seconds === 0) return;
    const { saleId, id: orderId } = order;
    const detail = { why: 'outage', provider: payment.provider, seconds };
    await noteInLedger(tx, {
      actor: 'system:outage',
      action: 'order.extended',
      saleId,
      orderId,
      detail,
    });
    await reportExtended(tx, orderId);
  });
}
