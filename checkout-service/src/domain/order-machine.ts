import { type OrderState, orderStates } from '@fairgate/shared/order.ts';

/** What may happen to an order. */
export const orderChanges = [
  'pay',
  'decline',
  'extend',
  'expire',
  'cancel',
  'buy-again',
  'refund',
] as const;
export type OrderChange = (typeof orderChanges)[number];

/** The life of an order, whole: what is not in this table does not happen. */
const transitions: Record<OrderState, Partial<Record<OrderChange, OrderState>>> = {
  awaiting_payment: {
    pay: 'paid',
    decline: 'awaiting_payment',
    extend: 'awaiting_payment',
    expire: 'expired',
    cancel: 'cancelled',
  },
  paid: { refund: 'refunded' },
  // Paid with late money. Not `pay`: its units went back, and have to be claimed anew first.
  expired: { 'buy-again': 'paid' },
  cancelled: {},
  refunded: {},
};

export type Transition =
  | { kind: 'moved'; to: OrderState }
  | { kind: 'refused'; state: OrderState; change: OrderChange };

export function transition(state: OrderState, change: OrderChange): Transition {
  const to = transitions[state][change];
  return to === undefined ? { kind: 'refused', state, change } : { kind: 'moved', to };
}

/** The same row of the table for SQL: from which states a change leads to which. */
export function transitionOf(change: OrderChange): { from: OrderState[]; to: OrderState } {
  const from = orderStates.filter((state) => transitions[state][change] !== undefined);
  const to = from.map((state) => transitions[state][change])[0];
  if (to === undefined) throw new Error(`no order state allows ${change}`);
  return { from, to };
}

/** Nothing changes such an order any more: no row of the table leads away. Its event stream ends. */
export function isOver(state: OrderState): boolean {
  return Object.keys(transitions[state]).length === 0;
}

/** Nothing that a shopper does changes such an order any more; late money or a refund may. */
export function isFinal(state: OrderState): boolean {
  return state !== 'awaiting_payment';
}
