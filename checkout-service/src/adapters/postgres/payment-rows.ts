import { z } from 'zod';
import type { StoredOrder } from '../../domain/order-view.ts';
import { paymentStates, type StoredPayment } from '../../domain/payment-rules.ts';
import { noteInLedger } from './order-changes.ts';
import { readOrder } from './order-rows.ts';
import type { Transaction } from './pool.ts';

const rowSchema = z.object({
  id: z.string(),
  order_id: z.string(),
  sale_id: z.string(),
  provider: z.string(),
  reference: z.string().nullable(),
  state: z.enum(paymentStates),
  amount_minor: z.number(),
  currency: z.string(),
  failure: z.string().nullable(),
  refund_attempt: z.number(),
});

/** Rows of `payments`, parsed. */
export function storedPayments(rows: Iterable<unknown>): StoredPayment[] {
  return z
    .array(rowSchema)
    .parse([...rows])
    .map((row) => ({
      id: row.id,
      orderId: row.order_id,
      saleId: row.sale_id,
      provider: row.provider,
      reference: row.reference,
      state: row.state,
      amountMinor: row.amount_minor,
      currency: row.currency,
      failure: row.failure,
      refundAttempt: row.refund_attempt,
    }));
}

/** A payment and its order, both locked: everyone locks the order first, then the payment. */
export async function lockPayment(
  tx: Transaction,
  paymentId: string,
): Promise<{ payment: StoredPayment; order: StoredOrder } | null> {
  await tx`
    select from orders where id = (select order_id from payments where id = ${paymentId})
    for update`;
  const [payment] = storedPayments(
    await tx`select * from payments where id = ${paymentId} for update`,
  );
  const order = payment && (await readOrder(tx, payment.orderId));
  return payment && order ? { payment, order } : null;
}

/** A line about a payment in the append-only log. */
export async function notePayment(
  tx: Transaction,
  payment: StoredPayment,
  actor: string,
  action: string,
  detail: Record<string, string | number> = {},
): Promise<void> {
  await noteInLedger(tx, {
    actor,
    action,
    saleId: payment.saleId,
    orderId: payment.orderId,
    detail: { ...detail, paymentId: payment.id, amountMinor: payment.amountMinor },
  });
}
