import { type ReportOutcomes, reportOutcomes } from './outcomes.ts';
import type { Checkouts, OrderRows, Store } from './ports.ts';
import { type RefundAll, type RefundOrder, refundAll, refundOrder } from './refunds.ts';

/** What admins ask of orders. */
export type OrderCalls = {
  orders: OrderRows;
  refund: RefundOrder;
  refundAll: RefundAll;
  outcomes: ReportOutcomes;
};

export function orderCalls(parts: { store: Store; checkouts: Checkouts }): OrderCalls {
  return {
    orders: parts.store.orders,
    refund: refundOrder(parts),
    refundAll: refundAll(parts),
    outcomes: reportOutcomes(parts),
  };
}
