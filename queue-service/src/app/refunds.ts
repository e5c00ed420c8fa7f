import { Problem } from '@fairgate/shared/problem.ts';
import type { AdminOrder, Caller, Checkouts, Store } from './ports.ts';

export type RefundWish = { reason?: string | undefined; confirm?: string | undefined };

export type RefundOrder = (
  caller: Caller,
  orderId: string,
  wish: RefundWish,
) => Promise<AdminOrder>;

/**
 * A checkout refunds the order: units, payment, ledger, mail. The order as it is then. Throws
 * `not-found`, `conflict` (it is not paid; `confirm` is not the sale's name), `unavailable`.
 */
export function refundOrder(parts: { store: Store; checkouts: Checkouts }): RefundOrder {
  const { store, checkouts } = parts;
  const find = async (orderId: string) => {
    const order = await store.orders.find(orderId);
    if (order === null) throw new Problem('not-found', 'There is no such order.');
    return order;
  };
  return async (caller, orderId, { reason = null, confirm }) => {
    const { saleId } = await find(orderId);
    if (confirm !== undefined && confirm !== (await store.sales.findKept(saleId))?.name) {
      throw new Problem('conflict', '`confirm` is not the name of the sale.');
    }
    const reply = await checkouts.refund(orderId, { actor: `key:${caller.keyId}`, reason });
    switch (reply.kind) {
      case 'refunded':
        return await find(orderId);
      case 'unknown':
        throw new Problem('not-found', 'There is no such order.');
      case 'refused':
        throw new Problem('conflict', reply.detail);
      case 'unavailable':
        throw new Problem('unavailable', 'No checkout answers; try again shortly.', reply.cause);
    }
  };
}
