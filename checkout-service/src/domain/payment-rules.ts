import type { OrderState } from '@fairgate/shared/order.ts';
import { transition } from './order-machine.ts';

export type PaymentState = 'processing' | 'succeeded' | 'failed' | 'refunding' | 'refunded';

/** A payment as Postgres has it. */
export type StoredPayment = {
  id: string;
  orderId: string;
  saleId: string;
  provider: string;
  reference: string | null;
  state: PaymentState;
  amountMinor: number;
  currency: string;
  failure: string | null;
};

/**
 * The failure of a payment of which the provider gave no answer: it may have taken the money all
 * the same, so it is asked about later.
 */
export const unansweredFailure = 'provider unavailable';

/** News of a payment from its provider: by webhook, or because we asked. */
export type PaymentNews =
  | { kind: 'succeeded'; reference: string; amountMinor: number; currency: string }
  | { kind: 'failed'; reference: string | null; failure: string }
  | { kind: 'refunded' };

export type PaymentDecision =
  /** The order is paid by this payment. */
  | { kind: 'pay' }
  /** The money came for nothing that we can give: back it goes. */
  | { kind: 'refund'; why: 'order-ended' | 'order-paid' | 'amount' }
  | { kind: 'decline'; failure: string }
  | { kind: 'mark-refunded' }
  /** News that we had, or that came out of order. */
  | { kind: 'nothing' };

/** Whether it comes twice, late, or out of order: the same news has one effect. */
export function decidePayment(
  order: OrderState,
  payment: Pick<StoredPayment, 'state' | 'amountMinor' | 'currency'>,
  news: PaymentNews,
): PaymentDecision {
  const open = payment.state === 'processing' || payment.state === 'failed';
  switch (news.kind) {
    case 'succeeded': {
      if (!open) return { kind: 'nothing' };
      const amountFits =
        news.amountMinor === payment.amountMinor && news.currency === payment.currency;
      if (!amountFits) return { kind: 'refund', why: 'amount' };
      if (transition(order, 'pay').kind === 'moved') return { kind: 'pay' };
      return { kind: 'refund', why: order === 'paid' ? 'order-paid' : 'order-ended' };
    }
    case 'failed':
      if (payment.state !== 'processing') return { kind: 'nothing' };
      return { kind: 'decline', failure: news.failure };
    case 'refunded':
      return payment.state === 'refunding' ? { kind: 'mark-refunded' } : { kind: 'nothing' };
  }
}
