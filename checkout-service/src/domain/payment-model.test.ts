import type { OrderState } from '@fairgate/shared/order.ts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type OrderChange, transition } from './order-machine.ts';
import {
  decideLate,
  decidePayment,
  type PaymentBefore,
  type PaymentDecision,
  type PaymentNews,
  unansweredFailure,
  withdrawnFailure,
} from './payment-rules.ts';

const paid: PaymentNews = { kind: 'succeeded', reference: 'r', amountMinor: 5, currency: 'EUR' };
const failed: PaymentNews = { kind: 'failed', reference: 'r', failure: 'declined' };
const withdrawn: PaymentNews = { kind: 'withdrawn', reference: 'r' };

type Payment = PaymentBefore;

/** The books of one order, changed by the rules alone. */
type Books = {
  order: OrderState;
  payments: Payment[];
  unitsFree: boolean;
  /** Whether the provider can end a payment. */
  withdrawable: boolean;
};
type Job = 'late' | 'refund' | 'refund-failed' | 'unanswered' | 'withdraw';
type Step =
  | { kind: 'news'; payment: number; news: PaymentNews }
  | { kind: Job; payment: number }
  | { kind: 'expire' | 'cancel' | 'admin-refund' };

function moved(order: OrderState, change: OrderChange): OrderState {
  const result = transition(order, change);
  return result.kind === 'moved' ? result.to : order;
}

function set(books: Books, at: number, change: Partial<Payment>, order = books.order): Books {
  const payments = books.payments.map((it, i) => (i === at ? { ...it, ...change } : it));
  return { ...books, order, payments };
}

/** The order has ended: what may still be paid is withdrawn, where the provider can. */
function ended(books: Books): Books {
  const keeps = [withdrawnFailure, unansweredFailure];
  const isOpen = ({ state, failure }: Payment) =>
    state === 'processing' || (state === 'failed' && !keeps.includes(failure ?? ''));
  if (!books.withdrawable) return books;
  const payments = books.payments.map((it) =>
    isOpen(it) ? { ...it, state: 'withdrawing' as const } : it,
  );
  return { ...books, payments };
}

function carryOut(books: Books, at: number, decision: PaymentDecision): Books {
  const { order } = books;
  switch (decision.kind) {
    case 'pay':
      return ended(set(books, at, { state: 'succeeded' }, moved(order, 'pay')));
    case 'late':
      return set(books, at, { state: 'late' });
    case 'refund':
      return set(books, at, { state: 'refunding' });
    case 'decline':
      return set(books, at, { state: 'failed', failure: decision.failure });
    case 'withdraw':
      return set(books, at, { state: 'failed', failure: withdrawnFailure });
    case 'mark-refunded':
      return set(books, at, { state: 'refunded' });
    case 'end-refunded':
      return ended(set(books, at, { state: 'refunded' }, moved(order, 'refund')));
    case 'refund-again': {
      const refundAttempt = (books.payments[at]?.refundAttempt ?? 0) + 1;
      return set(books, at, { state: 'refunding', refundAttempt });
    }
    case 'nothing':
      return books;
  }
}

function apply(books: Books, step: Step): Books {
  const payment = 'payment' in step ? books.payments[step.payment] : undefined;
  switch (step.kind) {
    case 'news': {
      if (!payment) return books;
      return carryOut(books, step.payment, decidePayment(books.order, payment, step.news));
    }
    case 'late': {
      if (payment?.state !== 'late') return books;
      const decision = decideLate(books.order, books.unitsFree ? 'promised' : 'none');
      if (decision.kind === 'refund') return set(books, step.payment, { state: 'refunding' });
      return set(books, step.payment, { state: 'succeeded' }, moved(books.order, 'buy-again'));
    }
    case 'refund':
    case 'refund-failed': {
      if (payment?.state !== 'refunding' && step.kind === 'refund') return books;
      const kind = step.kind === 'refund' ? 'refunded' : step.kind;
      const news: PaymentNews = { kind, attempt: payment?.refundAttempt ?? 0 };
      return apply(books, { kind: 'news', payment: step.payment, news });
    }
    case 'withdraw':
      if (payment?.state !== 'withdrawing') return books;
      return apply(books, { kind: 'news', payment: step.payment, news: withdrawn });
    case 'unanswered':
      if (payment?.state !== 'processing') return books;
      return set(books, step.payment, { state: 'failed', failure: unansweredFailure });
    case 'admin-refund': {
      if (transition(books.order, 'refund').kind === 'refused') return books;
      const payments = books.payments.map((it) =>
        it.state === 'succeeded' ? { ...it, state: 'refunding' as const } : it,
      );
      return ended({ ...books, order: moved(books.order, 'refund'), payments });
    }
    case 'expire':
    case 'cancel':
      if (transition(books.order, step.kind).kind === 'refused') return books;
      return ended({ ...books, order: moved(books.order, step.kind) });
  }
}

/** Decides and refunds until nothing is left to do, as the jobs and the sweep would. */
function settle(books: Books): Books {
  const kinds = ['late', 'refund', 'withdraw'] as const;
  return kinds.reduce(
    (now, kind) => now.payments.reduce((each, _, payment) => apply(each, { kind, payment }), now),
    books,
  );
}

const attemptsMax = 3;
const begun: Payment = {
  state: 'processing',
  failure: null,
  amountMinor: 5,
  currency: 'EUR',
  refundAttempt: 0,
};
const statesOf = ({ payments }: Books) => payments.map(({ state }) => state);
const anyNews = fc.oneof(
  fc.constant(paid),
  fc.constant(failed),
  fc.constant(withdrawn),
  fc.constant<PaymentNews>({ ...paid, amountMinor: 4 }),
);
const newsStep = fc.record({
  kind: fc.constant('news' as const),
  payment: fc.nat(attemptsMax - 1),
  news: anyNews,
});
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: newsStep },
  fc.record({
    kind: fc.constantFrom<Job>('late', 'refund', 'refund-failed', 'unanswered', 'withdraw'),
    payment: fc.nat(attemptsMax - 1),
  }),
  fc.record({
    kind: fc.constantFrom('expire' as const, 'cancel' as const, 'admin-refund' as const),
  }),
);
const beginning = fc.record({
  order: fc.constantFrom<OrderState>('awaiting_payment', 'expired', 'cancelled'),
  payments: fc.constant<Payment[]>(Array.from({ length: attemptsMax }, () => begun)),
  unitsFree: fc.boolean(),
  withdrawable: fc.boolean(),
});

describe('any sequence of news, deadlines and decisions', () => {
  it('never keeps money without a unit: it is of the one paid order, or goes back', () => {
    fc.assert(
      fc.property(beginning, fc.array(anyStep, { maxLength: 30 }), (start, steps) => {
        const moneyCame = new Set<number>();
        let books = start;
        for (const step of steps) {
          if (step.kind === 'news' && step.news.kind === 'succeeded') moneyCame.add(step.payment);
          books = apply(books, step);
          const kept = statesOf(books).filter((state) => state === 'succeeded').length;
          expect(kept).toBe(books.order === 'paid' ? 1 : 0);
        }
        const end = settle(books);
        const states = statesOf(end);
        expect(states).not.toContain('late');
        expect(states).not.toContain('refunding');
        expect(states).not.toContain('withdrawing');
        for (const payment of moneyCame) {
          expect(['succeeded', 'refunded']).toContain(states[payment]);
        }
        expect(states.filter((state) => state === 'succeeded')).toHaveLength(
          end.order === 'paid' ? 1 : 0,
        );
      }),
      { numRuns: 2_000 },
    );
  });

  it('ends the same for the same news in any order, however often each comes', () => {
    const one = fc.record({
      payment: fc.nat(attemptsMax - 1),
      news: fc.constantFrom(paid, failed, withdrawn),
    });
    const both = fc
      .tuple(beginning, fc.array(one, { minLength: 1, maxLength: 6 }))
      .chain(([start, news]) =>
        fc.tuple(
          fc.constant(start),
          fc.constant(news),
          fc.shuffledSubarray([...news, ...news, ...news], {
            minLength: news.length * 3,
            maxLength: news.length * 3,
          }),
        ),
      );
    const endOf = (start: Books, news: { payment: number; news: PaymentNews }[]) => {
      const end = settle(news.reduce((now, each) => apply(now, { kind: 'news', ...each }), start));
      // Which of two payments came first is nobody's business: one is kept, the others go back.
      return { order: end.order, payments: statesOf(end).sort() };
    };
    fc.assert(
      fc.property(both, ([start, once, often]) => {
        expect(endOf(start, often)).toEqual(endOf(start, once));
      }),
      { numRuns: 2_000 },
    );
  });
});
