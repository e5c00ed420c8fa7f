import { cards } from '../support/checkout-client.ts';
import { type Answer, answered } from '../support/http.ts';
import { orderAnswerShape, type RedemptionAnswer, redemptionShape } from '../support/shapes.ts';
import type { Checkouts } from './checkout-processes.ts';
import type { FaultSale } from './sale.ts';

/** One request of the load, and what came of it; no answer is the fault of whoever was asked. */
export type Request = {
  kind: 'redeem' | 'pay' | 'cancel';
  checkout: string;
  askedAtMs: number;
  tookMs: number;
  answer: Answer | undefined;
};

export type Load = {
  requests: Request[];
  /** Those that were answered 201, by token. */
  orders: Map<string, RedemptionAnswer>;
  /** Orders that were shown as paid, and those that were answered as cancelled. */
  paid: RedemptionAnswer[];
  cancelled: RedemptionAnswer[];
  /** No new shoppers; settles when those of now have done what they came for. */
  finish(): Promise<void>;
};

const requestMsMax = 30_000;

/**
 * Shoppers who come one after the other in so many lines. Each asks, with one key and the
 * instances in turn, until there is a 201; then some pay, and some cancel.
 */
export function startLoad(checkouts: Checkouts, sale: FaultSale, lines: number): Load {
  const load: Omit<Load, 'finish'> = { requests: [], orders: new Map(), paid: [], cancelled: [] };
  let isOver = false;
  let turn = 0;

  async function ask(
    kind: Request['kind'],
    path: string,
    how: object,
  ): Promise<Answer | undefined> {
    turn += 1;
    const checkout = turn % 2 === 0 ? checkouts.first : checkouts.second;
    const askedAtMs = Date.now();
    const answer = await checkout.shopper
      .raw(path, { method: 'POST', timeoutMs: requestMsMax, ...how })
      .catch(() => undefined);
    const tookMs = Date.now() - askedAtMs;
    load.requests.push({ kind, checkout: checkout.name, askedAtMs, tookMs, answer });
    return answer;
  }

  /** Until it is answered so. A shopper's patience; the answer asks for more. */
  async function insist(status: number, once: () => Promise<Answer | undefined>): Promise<Answer> {
    for (;;) {
      const answer = await once();
      if (answer?.status === status) return answer;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  async function redeem(): Promise<RedemptionAnswer> {
    const { token, jti } = await checkouts.token(sale.saleId);
    const items = [{ productId: sale.productId, quantity: 1 }];
    const headers = { 'idempotency-key': `key-${jti}` };
    const how = { bearer: token, headers, json: { items } };
    const answer = await insist(201, () => ask('redeem', '/v1/redemptions', how));
    const redeemed = answered(answer, 201, redemptionShape);
    load.orders.set(jti, redeemed);
    return redeemed;
  }

  /** A payment whose answer was lost may have been taken on, or not: then one looks, and asks again. */
  async function pay({ order, orderKey: bearer }: RedemptionAnswer): Promise<void> {
    const json = { provider: 'sandbox', card: cards.pays };
    for (let isPaid = false; !isPaid; ) {
      const answer = await ask('pay', `/v1/orders/${order.id}/payments`, { bearer, json });
      if (answer?.status === 202) await insist(200, () => look(order.id, bearer, 'paid'));
      const seen = await look(order.id, bearer, 'paid');
      isPaid = seen?.status === 200;
    }
  }

  /** 200 where the order is in that state. */
  async function look(id: string, bearer: string, state: string): Promise<Answer | undefined> {
    const raw = checkouts.second.shopper.raw(`/v1/orders/${id}`, { bearer });
    const answer = await raw.catch(() => undefined);
    if (answer?.status !== 200) return undefined;
    return answered(answer, 200, orderAnswerShape).order.state === state ? answer : undefined;
  }

  async function line(number: number): Promise<void> {
    for (let i = number; !isOver; i += 1) {
      const redeemed = await redeem();
      const { order, orderKey: bearer } = redeemed;
      if (i % 3 === 1) {
        await pay(redeemed);
        load.paid.push(redeemed);
      } else if (i % 3 === 2) {
        await insist(200, () => ask('cancel', `/v1/orders/${order.id}/cancel`, { bearer }));
        load.cancelled.push(redeemed);
      }
      await new Promise((resolve) => setTimeout(resolve, 40));
    }
  }

  const running = Array.from({ length: lines }, (_, number) => line(number));
  return {
    ...load,
    async finish() {
      isOver = true;
      await Promise.all(running);
    },
  };
}
