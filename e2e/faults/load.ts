import { type Answer, answered } from '../support/http.ts';
import { type RedemptionAnswer, redemptionShape } from '../support/shapes.ts';
import type { Checkouts } from './checkout-processes.ts';
import type { FaultSale } from './sale.ts';

/** One request of the load, and what came of it; no answer is the fault of whoever was asked. */
export type Request = {
  jti: string;
  checkout: string;
  askedAtMs: number;
  tookMs: number;
  answer: Answer | undefined;
};

export type Load = {
  requests: Request[];
  /** Those that were answered 201, by token. */
  orders: Map<string, RedemptionAnswer>;
  /** No new shoppers; settles when those of now have their orders. */
  finish(): Promise<void>;
};

const requestMsMax = 30_000;

/**
 * Shoppers who come one after the other in so many lines. Each asks, with one key and the
 * instances in turn, until there is a 201.
 */
export function startLoad(checkouts: Checkouts, sale: FaultSale, lines: number): Load {
  const requests: Request[] = [];
  const orders = new Map<string, RedemptionAnswer>();
  let isOver = false;
  let turn = 0;

  async function ask(token: string, jti: string): Promise<Answer | undefined> {
    turn += 1;
    const checkout = turn % 2 === 0 ? checkouts.first : checkouts.second;
    const askedAtMs = Date.now();
    const answer = await checkout.shopper
      .raw('/v1/redemptions', {
        method: 'POST',
        bearer: token,
        headers: { 'idempotency-key': `key-${jti}` },
        json: { items: [{ productId: sale.productId, quantity: 1 }] },
        timeoutMs: requestMsMax,
      })
      .catch(() => undefined);
    const tookMs = Date.now() - askedAtMs;
    requests.push({ jti, checkout: checkout.name, askedAtMs, tookMs, answer });
    return answer;
  }

  async function line(): Promise<void> {
    while (!isOver) {
      const { token, jti } = await checkouts.token(sale.saleId);
      for (;;) {
        const answer = await ask(token, jti);
        if (answer?.status === 201) orders.set(jti, answered(answer, 201, redemptionShape));
        if (answer?.status === 201) break;
        // A shopper's patience; the answer asks for a second or more.
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      await new Promise((resolve) => setTimeout(resolve, 40));
    }
  }

  const running = Array.from({ length: lines }, line);
  return {
    requests,
    orders,
    async finish() {
      isOver = true;
      await Promise.all(running);
    },
  };
}
