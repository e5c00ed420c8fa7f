import { type Answer, answered, type CallOptions, call } from './http.ts';
import {
  type OrderAnswer,
  orderAnswerShape,
  paymentShape,
  type RedemptionAnswer,
  redemptionShape,
} from './shapes.ts';
import { waitFor } from './wait.ts';

/** The sandbox's cards (CONTRACT.md section 4). */
export const cards = {
  pays: '4242424242424242',
  declined: '4000000000000002',
  paysAfter3Seconds: '4000000000000259',
  providerFails: '4000000000000119',
  webhookThreeTimes: '4000000000000044',
} as const;

export type Purchase = {
  token: string;
  productId: string;
  quantity?: number;
  email?: string;
  idempotencyKey?: string;
};

/** A shopper's calls to a checkout, straight to an instance or through the edge. */
export type CheckoutClient = {
  raw(path: string, options?: CallOptions): Promise<Answer>;
  /** Whatever comes back. Rejects only where nothing did. */
  tryRedeem(purchase: Purchase): Promise<Answer>;
  /** Throws unless it is answered 201. */
  redeem(purchase: Purchase): Promise<RedemptionAnswer>;
  order(orderId: string, orderKey: string): Promise<OrderAnswer>;
  tryPay(orderId: string, orderKey: string, card: string): Promise<Answer>;
  pay(orderId: string, orderKey: string, card?: string): Promise<string>;
  cancel(orderId: string, orderKey: string): Promise<OrderAnswer>;
};

export function checkoutClient(baseUrl: string): CheckoutClient {
  const raw = (path: string, options?: CallOptions) => call(`${baseUrl}${path}`, options);
  const post = (path: string, bearer: string, json?: unknown) =>
    raw(path, { method: 'POST', bearer, ...(json === undefined ? {} : { json }) });
  const tryRedeem = ({ token, productId, quantity, email, idempotencyKey }: Purchase) =>
    raw('/v1/redemptions', {
      method: 'POST',
      bearer: token,
      headers: idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey },
      json: { items: [{ productId, quantity: quantity ?? 1 }], ...(email ? { email } : {}) },
    });
  const tryPay = (orderId: string, orderKey: string, card: string) =>
    post(`/v1/orders/${orderId}/payments`, orderKey, { provider: 'sandbox', card });
  return {
    raw,
    tryRedeem,
    async redeem(purchase) {
      return answered(await tryRedeem(purchase), 201, redemptionShape);
    },
    async order(orderId, orderKey) {
      const answer = await raw(`/v1/orders/${orderId}`, { bearer: orderKey });
      return answered(answer, 200, orderAnswerShape).order;
    },
    tryPay,
    async pay(orderId, orderKey, card = cards.pays) {
      return answered(await tryPay(orderId, orderKey, card), 202, paymentShape).payment.id;
    },
    async cancel(orderId, orderKey) {
      const answer = await post(`/v1/orders/${orderId}/cancel`, orderKey);
      return answered(answer, 200, orderAnswerShape).order;
    },
  };
}

/** Waits until the order is in that state, and returns it. */
export async function orderInState(
  checkout: CheckoutClient,
  { order, orderKey }: RedemptionAnswer,
  state: OrderAnswer['state'],
  seconds = 10,
): Promise<OrderAnswer> {
  return await waitFor(`order ${order.id} being ${state}`, seconds, async () => {
    const now = await checkout.order(order.id, orderKey);
    return now.state === state ? now : undefined;
  });
}

/** Redeems the token and pays, and waits until it is paid. */
export async function buy(
  checkout: CheckoutClient,
  purchase: Purchase,
  card: string = cards.pays,
): Promise<RedemptionAnswer> {
  const redeemed = await checkout.redeem(purchase);
  await checkout.pay(redeemed.order.id, redeemed.orderKey, card);
  const order = await orderInState(checkout, redeemed, 'paid');
  return { order, orderKey: redeemed.orderKey };
}
