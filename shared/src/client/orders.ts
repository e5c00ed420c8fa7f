import type { Order } from '../order.ts';
import type { Payment, PaymentWish, Redeemed, RedeemWish } from './answers.ts';
import type { Calls, Credential } from './calls.ts';
import { orderStream } from './order-stream.ts';
import { backoffMs, type Pauses } from './pauses.ts';
import { FairgateProblem, isPassing } from './problems.ts';
import { claimsOf, randomText } from './proofs.ts';
import type { ClientStorage } from './storage.ts';

export type OrderParts = { calls: Calls; storage: ClientStorage; pauses: Pauses };

type SignalOption = { signal?: AbortSignal | undefined };

/** The checkout's calls. Each rejects with `FairgateProblem`, `FairgateUnreachable`, or the signal's reason. */
export type OrderCalls = {
  /**
   * Spends the token, claims the units. Tried again, with the same Idempotency-Key, while no answer
   * comes or the answer is to ask again; calling it again later is as safe, also after a restart of
   * the app, as the key is in the storage. `sold-out` leaves the token unspent.
   */
  redeem(wish: RedeemWish, options?: SignalOption): Promise<Redeemed>;
  /** By the key that `redeem` left in the storage, as are all of the following. */
  order(orderId: string, options?: SignalOption): Promise<Order>;
  /** The order now and at each change, until it changes no more; connects again by itself. */
  orderEvents(orderId: string, options?: SignalOption): AsyncGenerator<Order, void>;
  /** Not tried again: after `FairgateUnreachable` look at the order first. */
  pay(orderId: string, wish: PaymentWish, options?: SignalOption): Promise<Payment>;
  /** Adds the sale's `paySeconds`, once. */
  extend(orderId: string, options?: SignalOption): Promise<Order>;
  cancel(orderId: string, options?: SignalOption): Promise<Order>;
  /**
   * The headers that show a purchase token to a checkout of the shop's own: `url` without query, as
   * the app calls it. Fresh ones for each request.
   */
  showToken(token: string, request: { method: string; url: string }): Promise<TokenHeaders>;
};

export type TokenHeaders = Record<string, string>;

/** About a minute in all. */
const triesMax = 7;

export function makeOrders({ calls, storage, pauses }: OrderParts): OrderCalls {
  const orderAt = (orderId: string) => `/v1/orders/${encodeURIComponent(orderId)}`;
  const keyName = (orderId: string) => `order:${orderId}`;

  async function credential(orderId: string): Promise<Credential | undefined> {
    const value = await storage.get(keyName(orderId));
    return value === null ? undefined : { scheme: 'Bearer', value, proof: false };
  }

  async function change<T>(orderId: string, verb: string, body: object, { signal }: SignalOption) {
    const path = `${orderAt(orderId)}/${verb}`;
    const shown = await credential(orderId);
    return await calls.json<T>({ method: 'POST', path, credential: shown, body, signal });
  }

  const order: OrderCalls['order'] = async (orderId, { signal } = {}) => {
    const call = { method: 'GET', path: orderAt(orderId), signal } as const;
    const shown = await credential(orderId);
    return (await calls.json<{ order: Order }>({ ...call, credential: shown })).order;
  };

  return {
    order,
    async redeem({ token, ...body }, { signal } = {}) {
      const headers = { 'idempotency-key': await idempotencyKey(storage, token, body) };
      const shown = tokenCredential(token);
      const path = '/v1/redemptions';
      for (let tries = 1; ; tries += 1) {
        try {
          const call = { method: 'POST', path, credential: shown, body, headers, signal } as const;
          const redeemed = await calls.json<Redeemed>(call);
          await storage.set(keyName(redeemed.order.id), redeemed.orderKey);
          return redeemed;
        } catch (error) {
          if (tries >= triesMax || !isWorthAnother(error)) throw error;
          await pauses.pause(backoffMs(tries, error, pauses), signal);
        }
      }
    },
    orderEvents: (orderId, { signal } = {}) =>
      orderStream({
        open: async () => {
          const headers = { accept: 'text/event-stream' };
          const path = `${orderAt(orderId)}/events`;
          const shown = await credential(orderId);
          return await calls.open({ method: 'GET', path, credential: shown, headers, signal });
        },
        ask: () => order(orderId, { signal }),
        canStream: 'body' in Response.prototype,
        pauses,
        signal,
      }),
    pay: async (orderId, wish, options = {}) =>
      (await change<{ payment: Payment }>(orderId, 'payments', wish, options)).payment,
    extend: async (orderId, options = {}) =>
      (await change<{ order: Order }>(orderId, 'extend', {}, options)).order,
    cancel: async (orderId, options = {}) =>
      (await change<{ order: Order }>(orderId, 'cancel', {}, options)).order,
    showToken: (token, { method, url }) => calls.authorize(tokenCredential(token), method, url),
  };
}

/** 409 `conflict` with a time: the same token is being redeemed, by the try before. */
function isWorthAnother(error: unknown): boolean {
  if (isPassing(error)) return true;
  return (
    error instanceof FairgateProblem &&
    error.slug === 'conflict' &&
    error.retryAfterSeconds !== null
  );
}

/** Bound tokens go with a proof, and others without (RFC 9449 section 7.1). */
function tokenCredential(token: string): Credential {
  const isBound = claimsOf(token)?.cnf !== undefined;
  return isBound
    ? { scheme: 'DPoP', value: token, proof: true }
    : { scheme: 'Bearer', value: token, proof: false };
}

/** One for each token and wish, made once and kept before it is first sent. */
async function idempotencyKey(storage: ClientStorage, token: string, body: object) {
  const name = `redeem:${String(claimsOf(token)?.jti ?? token)}:${JSON.stringify(body)}`;
  const there = await storage.get(name);
  if (there !== null) return there;
  const made = randomText();
  await storage.set(name, made);
  return made;
}
