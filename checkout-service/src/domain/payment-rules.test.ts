import { type OrderState, orderStates } from '@fairgate/shared/order.ts';
import { describe, expect, it } from 'vitest';
import { transition } from './order-machine.ts';
import {
  decideLate,
  decidePayment,
  outageExtension,
  type PaymentBefore,
  type PaymentNews,
  type PaymentState,
  unansweredFailure,
  withdrawnFailure,
} from './payment-rules.ts';

const paid: PaymentNews = { kind: 'succeeded', reference: 'r', amountMinor: 5, currency: 'EUR' };
const failed: PaymentNews = { kind: 'failed', reference: 'r', failure: 'declined' };
const withdrawn: PaymentNews = { kind: 'withdrawn', reference: 'r' };

describe('news of a payment', () => {
  const decide = (
    order: OrderState,
    state: PaymentState,
    news: PaymentNews,
    changes: Partial<PaymentBefore> = {},
  ) => {
    const sum = { amountMinor: 5, currency: 'EUR' };
    const payment = { state, failure: null, refundAttempt: 0, ...sum, ...changes };
    return decidePayment(order, payment, news);
  };

  it('pays an open order, also after we had given the payment up', () => {
    expect(decide('awaiting_payment', 'processing', paid)).toEqual({ kind: 'pay' });
    expect(decide('awaiting_payment', 'failed', paid)).toEqual({ kind: 'pay' });
  });

  it('that comes after the order expired waits for whether its units can be had again', () => {
    expect(decide('expired', 'processing', paid)).toEqual({ kind: 'late' });
    expect(decideLate('expired', 'promised')).toEqual({ kind: 'claim' });
    expect(decideLate('expired', 'none').kind).toBe('refund');
    expect(decideLate('expired', 'away').kind).toBe('refund');
    for (const state of orderStates.filter((each) => each !== 'expired')) {
      expect(decideLate(state, 'promised').kind).toBe('refund');
    }
  });

  it('is given back where there is nothing to pay for', () => {
    expect(decide('paid', 'processing', paid)).toEqual({ kind: 'refund', why: 'order-paid' });
    for (const state of ['cancelled', 'refunded'] as const) {
      expect(decide(state, 'processing', paid)).toEqual({ kind: 'refund', why: 'order-ended' });
    }
    for (const state of orderStates) {
      for (const other of [{ amountMinor: 6 }, { currency: 'USD' }]) {
        const wrong = decide(state, 'processing', paid, other);
        expect(wrong).toEqual({ kind: 'refund', why: 'amount' });
      }
    }
  });

  it('has one effect, whether it comes twice or out of order', () => {
    for (const state of ['succeeded', 'late', 'refunding', 'refunded'] as const) {
      expect(decide('paid', state, paid)).toEqual({ kind: 'nothing' });
      expect(decide('paid', state, failed)).toEqual({ kind: 'nothing' });
    }
    expect(decide('expired', 'refunding', { kind: 'refunded' }).kind).toBe('mark-refunded');
    expect(decide('expired', 'refunded', { kind: 'refunded' }).kind).toBe('nothing');
  });

  it('is what the table of transitions allows, and nothing else', () => {
    for (const state of orderStates) {
      const { kind } = decide(state, 'processing', paid);
      expect(kind === 'pay').toBe(transition(state, 'pay').kind === 'moved');
      expect(kind === 'late').toBe(transition(state, 'buy-again').kind === 'moved');
      const back = decide(state, 'succeeded', { kind: 'refunded' }).kind;
      expect(back === 'end-refunded').toBe(transition(state, 'refund').kind === 'moved');
    }
  });

  it('of a decline counts where no answer had come, once', () => {
    const unanswered = { failure: unansweredFailure };
    const declined = { kind: 'decline', failure: 'declined' };
    expect(decide('awaiting_payment', 'failed', failed, unanswered)).toEqual(declined);
    for (const failure of ['declined', 'withdrawn']) {
      expect(decide('awaiting_payment', 'failed', failed, { failure }).kind).toBe('nothing');
    }
  });

  it('of a withdrawal is no decline, and counts once', () => {
    for (const state of ['processing', 'withdrawing', 'failed'] as const) {
      expect(decide('awaiting_payment', state, withdrawn)).toEqual({ kind: 'withdraw' });
    }
    const before = { failure: withdrawnFailure };
    expect(decide('awaiting_payment', 'failed', withdrawn, before).kind).toBe('nothing');
    for (const state of ['succeeded', 'late', 'refunding', 'refunded'] as const) {
      expect(decide('paid', state, withdrawn).kind).toBe('nothing');
    }
  });

  it('of money that came while a payment was being withdrawn is as of any other', () => {
    expect(decide('expired', 'withdrawing', paid).kind).toBe('late');
    expect(decide('cancelled', 'withdrawing', paid).kind).toBe('refund');
    // It may be paid after a decline all the same, so it is still withdrawn.
    expect(decide('cancelled', 'withdrawing', failed).kind).toBe('nothing');
  });

  it('of a refund that failed takes the money up again, once for each attempt', () => {
    const attempt = (refundAttempt: number) => ({ refundAttempt });
    const failing = { kind: 'refund-failed', attempt: 1 } as const;
    for (const state of ['refunding', 'refunded'] as const) {
      expect(decide('expired', state, failing, attempt(1)).kind).toBe('refund-again');
      expect(decide('expired', state, failing, attempt(2)).kind).toBe('nothing');
    }
    expect(decide('paid', 'succeeded', failing, attempt(1)).kind).toBe('nothing');
  });

  it('of a refund that failed before is not taken for the one that is asked for now', () => {
    const decideAt = (refundAttempt: number, given?: number) => {
      const news = {
        kind: 'refunded',
        ...(given === undefined ? {} : { attempt: given }),
      } as const;
      return decide('expired', 'refunding', news, { refundAttempt }).kind;
    };
    expect(decideAt(0)).toBe('mark-refunded');
    expect([decideAt(1), decideAt(1, 0)]).toEqual(['nothing', 'nothing']);
    expect(decideAt(1, 1)).toBe('mark-refunded');
  });

  it('that the provider gave the money back by itself ends the order that it had paid', () => {
    expect(decide('paid', 'succeeded', { kind: 'refunded' }).kind).toBe('end-refunded');
    expect(decide('awaiting_payment', 'processing', { kind: 'refunded' }).kind).toBe(
      'mark-refunded',
    );
  });
});

describe('a hold while the provider is away', () => {
  const bounds = { remainSeconds: 60, secondsMax: 600 };
  const longer = (secondsLeft: number, outageSeconds = 0) =>
    outageExtension({ payBeforeMs: secondsLeft * 1_000, outageSeconds }, 0, bounds);

  it('has a minute left at least, and ten minutes more in all at most', () => {
    expect(longer(300)).toBe(0);
    expect(longer(60)).toBe(0);
    expect(longer(20)).toBe(40);
    expect(longer(-10)).toBe(70);
    expect(longer(20, 590)).toBe(10);
    expect(longer(20, 600)).toBe(0);
  });
});
