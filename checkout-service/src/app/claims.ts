import type { BuyerKind } from '@fairgate/shared/order.ts';
import type { StoredRedemption } from '../domain/idempotency.ts';
import type { StoredOrder } from '../domain/order-view.ts';
import type { Log } from './log.ts';
import type { Claim, ClaimRow, ClaimStore, OrderStore } from './ports.ts';
import {
  makeSecondPass,
  type SecondPass,
  type SecondPassOptions,
  unfillableOf,
} from './second-pass.ts';
import type { Timers } from './timers.ts';

/** What became of a claim, for certain. */
export type ClaimOutcome =
  | { kind: 'created'; order: StoredOrder }
  | { kind: 'stored'; redemption: StoredRedemption }
  | { kind: 'sold-out' }
  /** A buyer would pass the limit; the token is not spent. */
  | { kind: 'limited'; by: BuyerKind }
  | { kind: 'revoked' }
  /** Others have locked rows that it needs: for the second pass. */
  | { kind: 'undecided' }
  /** Nothing was written, or nobody can say so yet: ask again with the same key. */
  | { kind: 'unavailable'; why: 'refused' | 'lost' | 'locked' };

export type ClaimsOptions = {
  claims: ClaimStore;
  orders: Pick<OrderStore, 'findMany'>;
  log: Log;
  timers: Timers;
  secondPass: Pick<SecondPassOptions, 'msMax' | 'waitingMax'>;
};

export type Claims = {
  /** The first pass: batch -> statement -> (halves) -> looked up; answers in the batch's order. */
  claimBatch(batch: readonly Claim[]): Promise<ClaimOutcome[]>;
  /** For a claim that came out `undecided`. */
  secondPass: SecondPass;
};

type Outcomes = Map<string, ClaimOutcome>;
type Context = Omit<ClaimsOptions, 'timers' | 'secondPass'>;

/** A claim whose outcome is not known is tried this often before it is given up. */
const triesMax = 3;

export function makeClaims(options: ClaimsOptions): Claims {
  return {
    async claimBatch(batch) {
      const outcomes = await firstPass(options, batch, 1).catch((error: unknown): Outcomes => {
        options.log.error({ err: error, claims: batch.length }, 'a batch failed unexpectedly');
        return new Map();
      });
      return batch.map((claim) => outcomes.get(claim.orderId) ?? lost);
    },
    secondPass: makeSecondPass({
      ...options,
      ...options.secondPass,
      lookUp: async (claim) =>
        (await lookUp(options, [claim], triesMax)).get(claim.orderId) ?? lost,
    }),
  };
}

const lost = { kind: 'unavailable', why: 'lost' } as const;
const refused = { kind: 'unavailable', why: 'refused' } as const;
const undecided = { kind: 'undecided' } as const;

async function firstPass(
  context: Context,
  batch: readonly Claim[],
  tryNumber: number,
): Promise<Outcomes> {
  if (batch.length === 0) return new Map();
  const reply = await context.claims.claim(batch);
  switch (reply.kind) {
    case 'refused':
      return await halve(context, batch, reply.cause, tryNumber);
    case 'raced':
      // What the other one wrote is seen by the next try, and nobody has to be singled out.
      if (tryNumber < triesMax) return await firstPass(context, batch, tryNumber + 1);
      return await halve(context, batch, reply.cause, tryNumber);
    case 'failed':
      // Halves of a statement that is too slow are too slow as well: hundreds of them.
      context.log.warn({ err: reply.cause, claims: batch.length }, 'a batch could not be done');
      return new Map(batch.map(({ orderId }) => [orderId, refused]));
    case 'locked':
      context.log.warn({ err: reply.cause, claims: batch.length }, 'a batch met a locked row');
      // A row of one of them: singly, none waits for it but its own claim.
      return new Map(batch.map(({ orderId }) => [orderId, undecided]));
    case 'lost':
      context.log.warn({ err: reply.cause, claims: batch.length }, 'a batch got no answer');
      return await lookUp(context, batch, tryNumber);
    case 'done':
      return await sortOut(context, batch, reply.rows, tryNumber);
  }
}

/** One bad request must not take the others with it: it is found by halving. */
async function halve(
  context: Context,
  batch: readonly Claim[],
  cause: unknown,
  tryNumber: number,
): Promise<Outcomes> {
  const [only] = batch;
  if (batch.length === 1 && only) {
    const { orderId, saleId } = only;
    context.log.error({ err: cause, orderId, saleId }, 'a claim was refused');
    return new Map([[orderId, refused]]);
  }
  const middle = Math.ceil(batch.length / 2);
  const first = await firstPass(context, batch.slice(0, middle), tryNumber);
  const second = await firstPass(context, batch.slice(middle), tryNumber);
  return new Map([...first, ...second]);
}

async function sortOut(
  context: Context,
  batch: readonly Claim[],
  rows: ReadonlyMap<string, ClaimRow>,
  tryNumber: number,
): Promise<Outcomes> {
  const settled: Outcomes = new Map();
  const stored: Claim[] = [];
  const short: Claim[] = [];
  for (const claim of batch) {
    const row = rows.get(claim.orderId);
    if (row?.kind === 'short') short.push(claim);
    else if (!row || row.kind === 'stored') stored.push(claim);
    else settled.set(claim.orderId, row);
  }
  const lookedUp = await lookUp(context, stored, tryNumber);
  const unfillable = await unfillableOf(context, short);
  const rest: Outcomes = new Map(
    short.map(({ orderId }) => [
      orderId,
      unfillable.has(orderId) ? { kind: 'sold-out' } : undecided,
    ]),
  );
  return new Map([...settled, ...lookedUp, ...rest]);
}

/**
 * By `jti`, and by the order id that we made: after a lost answer our own order may be there.
 * What has no row is tried again; `jti` keeps it from having two effects.
 */
async function lookUp(
  context: Context,
  batch: readonly Claim[],
  tryNumber: number,
): Promise<Outcomes> {
  const outcomes: Outcomes = new Map();
  if (batch.length === 0) return outcomes;
  try {
    const stored = await context.claims.findStored(batch.map((claim) => claim.jti));
    const own = await ownOrders(context, batch, stored);
    for (const claim of batch) {
      const redemption = stored.get(claim.jti);
      const order = own.get(claim.orderId);
      if (order) outcomes.set(claim.orderId, { kind: 'created', order });
      else if (redemption) outcomes.set(claim.orderId, { kind: 'stored', redemption });
    }
  } catch (cause) {
    context.log.warn({ err: cause }, 'stored redemptions could not be looked up');
    return new Map(batch.map((claim) => [claim.orderId, lost]));
  }
  const open = batch.filter((claim) => !outcomes.has(claim.orderId));
  if (tryNumber >= triesMax) {
    for (const claim of open) outcomes.set(claim.orderId, lost);
    return outcomes;
  }
  return new Map([...outcomes, ...(await firstPass(context, open, tryNumber + 1))]);
}

async function ownOrders(
  context: Context,
  batch: readonly Claim[],
  stored: ReadonlyMap<string, StoredRedemption>,
): Promise<Map<string, StoredOrder>> {
  const ours = batch.filter((claim) => stored.get(claim.jti)?.orderId === claim.orderId);
  if (ours.length === 0) return new Map();
  const found = await context.orders.findMany(ours.map((claim) => claim.orderId));
  return new Map(found.map((order) => [order.id, order]));
}
