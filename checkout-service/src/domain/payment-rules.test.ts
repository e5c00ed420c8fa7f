import { type OrderState, orderStates } from '@fairgate/shared/order.ts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { transition } from './order-machine.ts';
import {
  decideLate,
  decidePayment,
  outageExtension,
  type PaymentNews,
  type PaymentState,
} from './payment-rules.ts';

const paid: PaymentNews = { kind: 'succeeded', reference: 'r', amountMinor: 5, currency: 'EUR' };
const failed: PaymentNews = { kind: 'failed', reference: 'r', failure: 'declined' };

describe('news of a payment', () => {
  const decide = (order: OrderState, state: PaymentState, news: PaymentNews, amountMinor = 5) =>
    decidePayment(order, { state, amountMinor, currency: 'EUR' }, news);

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
      const wrong = decide(state, 'processing', paid, 6);
      expect(wrong).toEqual({ kind: 'refund', why: 'amount' });
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

  it('that the provider gave the money back by itself ends the order that it had paid', () => {
    expect(decide('paid', 'succeeded', { kind: 'refunded' }).kind).toBe('end-refunded');
    expect(decide('awaiting_payment', 'processing', { kind: 'refunded' }).kind).toBe(
      'mark-refunded',
    );
  });
});

/** The books of one order, changed by the rules alone. */
type Books = { order: OrderState; payments: PaymentState[]; unitsFree: boolean };
type Step =
  | { kind: 'news'; payment: number; news: PaymentNews }
  | { kind: 'late' | 'refund'; payment: number }
  | { kind: 'expire' | 'cancel' | 'admin-refund' };

function apply(books: Books, step: Step): Books {
  const payments = [...books.payments];
  const set = (payment: number, state: PaymentState, order = books.order): Books => {
    payments[payment] = state;
    return { ...books, order, payments };
  };
  const move = (change: 'pay' | 'buy-again' | 'expire' | 'cancel' | 'refund'): OrderState => {
    const result = transition(books.order, change);
    return result.kind === 'moved' ? result.to : books.order;
  };
  switch (step.kind) {
    case 'news': {
      const state = payments[step.payment] ?? 'processing';
      const stored = { state, amountMinor: 5, currency: 'EUR' };
      const decision = decidePayment(books.order, stored, step.news);
      switch (decision.kind) {
        case 'pay':
          return set(step.payment, 'succeeded', move('pay'));
        case 'late':
          return set(step.payment, 'late');
        case 'refund':
          return set(step.payment, 'refunding');
        case 'decline':
          return set(step.payment, 'failed');
        case 'mark-refunded':
          return set(step.payment, 'refunded');
        case 'end-refunded':
          return set(step.payment, 'refunded', move('refund'));
        case 'nothing':
          return books;
      }
      break;
    }
    case 'late': {
      if (payments[step.payment] !== 'late') return books;
      const budget = books.unitsFree ? 'promised' : 'none';
      if (decideLate(books.order, budget).kind === 'refund') return set(step.payment, 'refunding');
      return set(step.payment, 'succeeded', move('buy-again'));
    }
    case 'refund':
      return payments[step.payment] === 'refunding' ? set(step.payment, 'refunded') : books;
    case 'admin-refund': {
      if (transition(books.order, 'refund').kind === 'refused') return books;
      const back = payments.map((state) => (state === 'succeeded' ? 'refunding' : state));
      return { ...books, order: move('refund'), payments: back };
    }
    case 'expire':
    case 'cancel':
      return { ...books, order: move(step.kind) };
  }
}

/** Decides and refunds until nothing is left to do, as the jobs and the sweep would. */
function settle(books: Books): Books {
  const kinds = ['late', 'refund'] as const;
  return kinds.reduce(
    (now, kind) => now.payments.reduce((each, _, payment) => apply(each, { kind, payment }), now),
    books,
  );
}

const attemptsMax = 3;
const anyNews = fc.oneof(
  fc.constant(paid),
  fc.constant(failed),
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
    kind: fc.constantFrom('late' as const, 'refund' as const),
    payment: fc.nat(attemptsMax - 1),
  }),
  fc.record({
    kind: fc.constantFrom('expire' as const, 'cancel' as const, 'admin-refund' as const),
  }),
);
const beginning = fc.record({
  order: fc.constantFrom<OrderState>('awaiting_payment', 'expired', 'cancelled'),
  payments: fc.constant<PaymentState[]>(Array.from({ length: attemptsMax }, () => 'processing')),
  unitsFree: fc.boolean(),
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
          const kept = books.payments.filter((state) => state === 'succeeded').length;
          expect(kept).toBe(books.order === 'paid' ? 1 : 0);
        }
        const end = settle(books);
        expect(end.payments).not.toContain('late');
        expect(end.payments).not.toContain('refunding');
        for (const payment of moneyCame) {
          expect(['succeeded', 'refunded']).toContain(end.payments[payment]);
        }
        expect(end.payments.filter((state) => state === 'succeeded')).toHaveLength(
          end.order === 'paid' ? 1 : 0,
        );
      }),
      { numRuns: 2_000 },
    );
  });

  it('ends the same for the same news in any order, however often each comes', () => {
    const one = fc.record({
      payment: fc.nat(attemptsMax - 1),
      news: fc.constantFrom(paid, failed),
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
      return { order: end.order, payments: [...end.payments].sort() };
    };
    fc.assert(
      fc.property(both, ([start, once, often]) => {
        expect(endOf(start, often)).toEqual(endOf(start, once));
      }),
      { numRuns: 2_000 },
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
