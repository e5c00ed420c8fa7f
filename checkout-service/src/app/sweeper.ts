import { limits } from '../limits.ts';
import type { Log } from './log.ts';
import type { CheckoutMetrics } from './metrics.ts';
import type { OrderStore } from './ports.ts';

export type SweeperOptions = {
  orders: Pick<OrderStore, 'sweep'>;
  metrics: Pick<CheckoutMetrics, 'orderChanged' | 'sweepRefused'>;
  log: Log;
  batchMax: number;
  stockChanged(saleId: string): void;
  now(): number;
};

/**
 * One round of the sweeper: unpaid orders whose time is up -> ended. A batch that Postgres refuses is
 * halved until the bad order is found, so that it keeps no other's units.
 */
export function makeSweeper(options: SweeperOptions): () => Promise<'again' | 'done'> {
  const { orders, metrics, log, batchMax } = options;
  const aside = new Map<string, number>();

  /** All that are due, or those of `only`; how many have ended. */
  async function sweep(limit: number, only?: readonly string[]): Promise<number> {
    const reply = await orders.sweep(limit, [...aside.keys()], only);
    if (reply.kind === 'refused') return await halve(reply.orderIds, reply.cause);
    if (reply.ended.length > 0) metrics.orderChanged('expire', reply.ended.length);
    for (const { saleId } of reply.ended) options.stockChanged(saleId);
    return reply.ended.length;
  }

  async function halve(orderIds: readonly string[], cause: unknown): Promise<number> {
    const [orderId] = orderIds;
    if (orderIds.length === 1 && orderId !== undefined) {
      aside.set(orderId, options.now() + limits.sweepAsideMs);
      metrics.sweepRefused();
      log.error({ orderId, err: cause }, 'the end of an order is refused; its units stay held');
      return 0;
    }
    const middle = Math.ceil(orderIds.length / 2);
    const first = await sweep(middle, orderIds.slice(0, middle));
    return first + (await sweep(middle, orderIds.slice(middle)));
  }

  return async () => {
    for (const [orderId, until] of aside) if (until <= options.now()) aside.delete(orderId);
    return (await sweep(batchMax)) === batchMax ? 'again' : 'done';
  };
}
