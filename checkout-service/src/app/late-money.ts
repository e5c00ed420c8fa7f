import { type StoredOrder, unitsTaken } from '../domain/order-view.ts';
import type { LateBudget } from '../domain/payment-rules.ts';
import type { CheckoutMetrics } from './metrics.ts';
import type { JobOutcome } from './payment-jobs.ts';
import type { PaymentStore } from './ports.ts';
import type { RoomReports } from './room-ports.ts';

export type LateMoneyOptions = {
  payments: Pick<PaymentStore, 'findLate' | 'placeLate'>;
  room: Pick<RoomReports, 'promise'>;
  metrics: Pick<CheckoutMetrics, 'orderChanged' | 'payment'>;
  lateWaitSeconds: number;
  stockChanged(saleId: string): void;
};

/**
 * Money that came for an expired order: first the room's budget, then free units (D7), or back it
 * goes. The promise is keyed by the order and the rest is one transaction, so that two instances
 * may do it at once, and either may die anywhere. A room that is away is waited for, not forever.
 */
export async function placeLate(options: LateMoneyOptions, paymentId: string): Promise<JobOutcome> {
  const late = await options.payments.findLate(paymentId);
  if (!late) return { kind: 'done' };
  const mayWait = late.waitedSeconds < options.lateWaitSeconds;
  const asked = await askBudget(options, late.order);
  if (asked.kind === 'away' && mayWait) {
    return { kind: 'again', why: 'the room gives no answer', cause: asked.cause };
  }
  const reply = await options.payments.placeLate(paymentId, asked.kind, mayWait);
  switch (reply.kind) {
    case 'busy':
      return { kind: 'again', why: 'free units are locked by a claim' };
    case 'bought':
      options.metrics.orderChanged('buy-again', 1);
      options.stockChanged(reply.saleId);
      return { kind: 'done' };
    case 'refunding':
      options.metrics.payment('refunding');
      return { kind: 'done' };
    case 'decided':
      return { kind: 'done' };
  }
}

type Asked = { kind: LateBudget; cause?: unknown };

/** An order that is not expired any more needs no promise: its money goes back anyway. */
async function askBudget(options: LateMoneyOptions, order: StoredOrder): Promise<Asked> {
  if (order.state !== 'expired') return { kind: 'none' };
  try {
    const key = `again:${order.id}`;
    const reply = await options.room.promise(order.saleId, key, unitsTaken(order));
    return reply === 'no-room' ? { kind: 'away', cause: reply } : { kind: reply };
  } catch (cause) {
    // Away or broken: either way it answers nothing, and money does not wait for it forever.
    return { kind: 'away', cause };
  }
}
