import type { PurchaseClaims, PurchaseVerdict } from '@fairgate/shared/token/purchase.ts';
import type { StoredOrder } from '../domain/order-view.ts';
import { type Item, redemptionRequest } from '../domain/redemption.ts';
import { tokenFacts } from './claim-making.ts';
import type { Log } from './log.ts';
import type { ClaimStore, OrderStore } from './ports.ts';
import type { Redeem, RedeemOutcome } from './redeem.ts';
import type { BackgroundStore, RoomReports } from './room-ports.ts';

/** What became of a token at a checkout of the shop's own. `items`: null where they were told before. */
export type Reported =
  | { token: string; outcome: 'started' | 'bought'; items: Item[] | null }
  | { token: string; outcome: 'abandoned' };

export type ReportedResult =
  /** As the order is now. `change`: what this report did to it, if anything. */
  | { kind: 'order'; order: StoredOrder; change: 'place' | 'pay' | 'cancel' | null }
  /** The token buys nothing any more, and never bought anything. */
  | { kind: 'lapsed' }
  | { kind: 'items-needed' }
  /** It was reported with others before. */
  | { kind: 'other-items'; order: StoredOrder }
  /** The order has come to another end than the one reported. */
  | { kind: 'other-end'; order: StoredOrder }
  | Exclude<RedeemOutcome, { kind: 'created' | 'replayed' }>;

export type ReportedOptions = {
  verify(token: string): Promise<PurchaseVerdict>;
  redeem: Redeem;
  claims: Pick<ClaimStore, 'findStored'>;
  orders: Pick<OrderStore, 'find' | 'cancel' | 'payElsewhere'>;
  store: Pick<BackgroundStore, 'lapse'>;
  room: Pick<RoomReports, 'settle'>;
  log: Log;
};

/** Never rejects: what cannot be done now is `unavailable`, and may be reported again. */
export type TakeReport = (
  saleId: string,
  reported: Reported,
  actor: string,
) => Promise<ReportedResult>;

/**
 * signature, sale -> what is stored of the token -> redeemed, paid or given up, by the rules of every
 * other order. A report that comes again finds it done, and gets the same result.
 */
export function makeTakeReport(options: ReportedOptions): TakeReport {
  return async (saleId, reported, actor) => {
    try {
      const verdict = await options.verify(reported.token);
      if (verdict.kind === 'invalid') return { kind: 'token-invalid', cause: verdict.cause };
      const { claims } = verdict;
      if (claims.sale !== saleId) return { kind: 'other-sale' };
      switch (reported.outcome) {
        case 'abandoned':
          return await abandon(options, claims, actor);
        case 'started':
          return await start(options, claims, reported);
        case 'bought': {
          const started = await start(options, claims, reported);
          return started.kind === 'order' ? await pay(options, started, actor) : started;
        }
      }
    } catch (cause) {
      return { kind: 'unavailable', why: 'store', cause };
    }
  };
}

type Started = Extract<ReportedResult, { kind: 'order' }>;

type WithItems = Extract<Reported, { items: Item[] | null }>;

/** The token's order, redeemed now unless it was. No Idempotency-Key: its key is told to nobody. */
async function start(
  options: ReportedOptions,
  { jti }: PurchaseClaims,
  reported: WithItems,
): Promise<ReportedResult> {
  const stored = (await options.claims.findStored([jti])).get(jti);
  if (stored) {
    if (stored.orderId === null) return { kind: 'token-expired' };
    return await startedBefore(options, stored.orderId, reported);
  }
  const { token, items } = reported;
  if (items === null) return { kind: 'items-needed' };
  const redeemed = await options.redeem({
    token,
    shown: { scheme: 'reported' },
    balancerRequest: null,
    read: async () => ({ request: redemptionRequest(items, {}), idempotencyKey: null }),
  });
  switch (redeemed.kind) {
    case 'created':
    case 'replayed':
      return { kind: 'order', order: redeemed.order, change: 'place' };
    case 'already-redeemed':
      return await startedBefore(options, redeemed.orderId, reported);
    default:
      return redeemed;
  }
}

async function startedBefore(
  { orders }: ReportedOptions,
  orderId: string,
  { outcome, items }: WithItems,
): Promise<ReportedResult> {
  const order = await orders.find(orderId);
  // The shopper went to our own checkout with the token.
  if (!order?.paidElsewhere) return { kind: 'already-redeemed', orderId };
  if (items !== null && !isOf(order, items)) return { kind: 'other-items', order };
  const isAlive = order.state === 'awaiting_payment' || order.state === 'paid';
  if (!isAlive && outcome === 'started') return { kind: 'other-end', order };
  return { kind: 'order', order, change: null };
}

async function pay(
  { orders }: ReportedOptions,
  started: Started,
  actor: string,
): Promise<ReportedResult> {
  if (started.order.state === 'paid') return started;
  const reply = await orders.payElsewhere(started.order.id, actor);
  if (reply?.kind === 'ended') return { kind: 'order', order: reply.order, change: 'pay' };
  const order = reply?.order ?? started.order;
  // The same report came twice at a time.
  if (order.state === 'paid') return { kind: 'order', order, change: null };
  return { kind: 'other-end', order };
}

/** Without an order the token itself ends: its units are somebody else's at once (D7). */
async function abandon(
  options: ReportedOptions,
  claims: PurchaseClaims,
  actor: string,
): Promise<ReportedResult> {
  const { jti, saleId, visitor, place: number, max: promise } = tokenFacts(claims);
  const known = (await options.claims.findStored([jti])).get(jti);
  if (!known?.orderId) {
    const reports = await options.store.lapse(saleId, [{ jti, visitor, number, promise }]);
    // The row stands: another report tells it, or settlement does when the token's time is up.
    await options.room.settle(saleId, reports).catch((err: unknown) => {
      options.log.warn({ err, saleId }, 'the room has not heard of an abandoned token yet');
    });
  }
  const stored = known?.orderId ? known : (await options.claims.findStored([jti])).get(jti);
  if (!stored?.orderId) return { kind: 'lapsed' };
  const order = await options.orders.find(stored.orderId);
  if (!order?.paidElsewhere) return { kind: 'already-redeemed', orderId: stored.orderId };
  const reply = await options.orders.cancel(order.id, actor);
  if (reply?.kind === 'ended') return { kind: 'order', order: reply.order, change: 'cancel' };
  const now = reply?.order ?? order;
  const isGivenUp = now.state === 'cancelled' || now.state === 'expired';
  return isGivenUp
    ? { kind: 'order', order: now, change: null }
    : { kind: 'other-end', order: now };
}

function isOf({ lines }: StoredOrder, items: readonly Item[]): boolean {
  const wanted = redemptionRequest(items, {}).items;
  const ordered = new Map(lines.map((line) => [line.productId, line.quantity]));
  const isSame = wanted.every((item) => ordered.get(item.productId) === item.quantity);
  return isSame && wanted.length === ordered.size;
}
