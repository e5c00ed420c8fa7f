import type { OrderState } from '@fairgate/shared/order.ts';
import { transition } from './order-machine.ts';

/**
 * `late`: the money came for an expired order, whose units may be bought again (decideLate).
 * `withdrawing`: the order has ended, and the provider is to end the payment too.
 */
export const paymentStates = [
  'processing',
  'withdrawing',
  'succeeded',
  'failed',
  'late',
  'refunding',
  'refunded',
] as const;
export type PaymentState = (typeof paymentStates)[number];

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
  /** Counts the refunds that failed for good: another attempt is another request. */
  refundAttempt: number;
};

/**
 * The failure of a payment of which the provider gave no answer: it may have taken the money all
 * the same, so it is asked about later.
 */
export const unansweredFailure = 'provider unavailable';

/** The failure of a payment of which its provider knows nothing. */
export const unreachedFailure = 'never reached the provider';

/** The failure of a payment that its provider would not read. */
export const invalidFailure = 'invalid';

/** The failure of a payment that we ended at its provider: nobody declined it. */
export const withdrawnFailure = 'withdrawn';

/** What an order says while its provider is away; the page has words for it. */
export const outageFailure = 'payment_provider_unavailable';

/** What it says where another sum came than it costs. */
export const amountFailure = 'payment_amount_differs';

/** News of a payment from its provider: by webhook, or because we asked. */
export type PaymentNews =
  | { kind: 'succeeded'; reference: string; amountMinor: number; currency: string }
  | { kind: 'failed'; reference: string | null; failure: string }
  /** It was ended there before anybody paid it. */
  | { kind: 'withdrawn'; reference: string }
  /** `attempt`: which of ours it answers; without one, somebody else gave it back, or we did. */
  | { kind: 'refunded'; attempt?: number }
  /** The provider will not give it back by that attempt, though it may have taken it on before. */
  | { kind: 'refund-failed'; attempt: number };

export type RefundReason = 'order-ended' | 'order-paid' | 'amount';

export type PaymentDecision =
  /** The order is paid by this payment. */
  | { kind: 'pay' }
  /** Whether the units can be had again is decided next: the money waits for that. */
  | { kind: 'late' }
  /** The money came for nothing that we can give: back it goes. */
  | { kind: 'refund'; why: RefundReason }
  | { kind: 'decline'; failure: string }
  | { kind: 'withdraw' }
  | { kind: 'mark-refunded' }
  /** The provider gave back, on its own, what a paid order was paid with: its units go back too. */
  | { kind: 'end-refunded' }
  /** The money is to go back all the same, by another attempt. */
  | { kind: 'refund-again' }
  /** News that we had, or that came out of order. */
  | { kind: 'nothing' };

export type PaymentBefore = Pick<
  StoredPayment,
  'state' | 'failure' | 'amountMinor' | 'currency' | 'refundAttempt'
>;

/** Money may still come by it. */
const payable: readonly PaymentState[] = ['processing', 'withdrawing', 'failed'];

/** Whether it comes twice, late, or out of order: the same news has one effect. */
export function decidePayment(
  order: OrderState,
  payment: PaymentBefore,
  news: PaymentNews,
): PaymentDecision {
  const { state, failure, refundAttempt } = payment;
  switch (news.kind) {
    case 'succeeded': {
      if (!payable.includes(state)) return { kind: 'nothing' };
      const amountFits =
        news.amountMinor === payment.amountMinor && news.currency === payment.currency;
      return amountFits ? takeMoney(order) : { kind: 'refund', why: 'amount' };
    }
    case 'failed':
      // One of which no answer came was failed to us alone: that it was declined is news.
      if (state !== 'processing' && !(state === 'failed' && failure === unansweredFailure)) {
        return { kind: 'nothing' };
      }
      return { kind: 'decline', failure: news.failure };
    case 'withdrawn':
      if (!payable.includes(state) || failure === withdrawnFailure) return { kind: 'nothing' };
      return { kind: 'withdraw' };
    case 'refunded':
      if (state === 'refunded') return { kind: 'nothing' };
      // Once a refund has failed, word of an earlier one may still come: only the answer counts.
      if (state === 'refunding' && refundAttempt > 0 && news.attempt !== refundAttempt) {
        return { kind: 'nothing' };
      }
      if (state !== 'succeeded' || transition(order, 'refund').kind === 'refused') {
        return { kind: 'mark-refunded' };
      }
      return { kind: 'end-refunded' };
    case 'refund-failed': {
      const isOurs = state === 'refunding' || state === 'refunded';
      return { kind: isOurs && news.attempt === refundAttempt ? 'refund-again' : 'nothing' };
    }
  }
}

function takeMoney(order: OrderState): PaymentDecision {
  if (transition(order, 'pay').kind === 'moved') return { kind: 'pay' };
  if (transition(order, 'buy-again').kind === 'moved') return { kind: 'late' };
  return { kind: 'refund', why: whyNot(order) };
}

function whyNot(order: OrderState): 'order-paid' | 'order-ended' {
  return order === 'paid' ? 'order-paid' : 'order-ended';
}

/** What the room's budget said about the units of late money; `away`: nothing, for too long. */
export type LateBudget = 'promised' | 'none' | 'away';

export type LateDecision =
  /** First the budget, then the unit (ARCHITECTURE.md D7): units may be claimed now. */
  | { kind: 'claim' }
  | { kind: 'refund'; why: 'order-paid' | 'order-ended' | 'promised-to-others' | 'room-away' };

/** Money that came for an expired order: may its units be claimed again, or does it go back? */
export function decideLate(order: OrderState, budget: LateBudget): LateDecision {
  if (transition(order, 'buy-again').kind === 'refused') {
    return { kind: 'refund', why: whyNot(order) };
  }
  if (budget === 'promised') return { kind: 'claim' };
  return { kind: 'refund', why: budget === 'none' ? 'promised-to-others' : 'room-away' };
}

/**
 * How many more seconds an unpaid order is kept because its provider is away: so that
 * `remainSeconds` are left, and no more than `secondsMax` in all for one order.
 */
export function outageExtension(
  order: { payBeforeMs: number; outageSeconds: number },
  nowMs: number,
  bounds: { remainSeconds: number; secondsMax: number },
): number {
  const missing = Math.ceil((nowMs + bounds.remainSeconds * 1_000 - order.payBeforeMs) / 1_000);
  return Math.max(0, Math.min(missing, bounds.secondsMax - order.outageSeconds));
}
