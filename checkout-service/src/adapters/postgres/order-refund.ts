import type { EndReply, RefundBy } from '../../app/ports.ts';
import { transition } from '../../domain/order-machine.ts';
import { endOrder, noteInLedger } from './order-changes.ts';
import { readOrder } from './order-rows.ts';
import { addJob } from './payment-changes.ts';
import { notePayment, storedPayments } from './payment-rows.ts';
import type { Sql } from './pool.ts';

/** A paid order ends, its units are free again, and its money is on the way back, all at once. */
export async function refundOrder(
  sql: Sql,
  orderId: string,
  { actor, reason }: RefundBy,
  withdrawable: readonly string[],
): Promise<EndReply | null> {
  return await sql.begin(async (tx): Promise<EndReply | null> => {
    await tx`select from orders where id = ${orderId} for update`;
    const before = await readOrder(tx, orderId);
    if (!before) return null;
    if (transition(before.state, 'refund').kind === 'refused') {
      return { kind: 'refused', order: before };
    }
    await endOrder(tx, before, { change: 'refund', actor, withdrawable });
    const paid = storedPayments(
      await tx`
      update payments set state = 'refunding', tries = 0, updated_at = now()
      where order_id = ${orderId} and state = 'succeeded' returning *`,
    );
    for (const payment of paid) {
      await notePayment(tx, payment, actor, 'payment.refunding');
      await addJob(tx, payment, 'refund');
    }
    if (reason !== null) {
      const { saleId } = before;
      const action = 'order.refund-reason';
      await noteInLedger(tx, { actor, action, saleId, orderId, detail: { reason } });
    }
    const order = await readOrder(tx, orderId);
    return order && { kind: 'ended', order };
  });
}
