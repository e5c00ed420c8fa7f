import type { BuyerKind } from '@fairgate/shared/order.ts';
import type { ProofFault, ProofVerdict } from '@fairgate/shared/token/dpop.ts';
import type { PurchaseClaims, PurchaseVerdict } from '@fairgate/shared/token/purchase.ts';
import type { StoredRedemption } from '../domain/idempotency.ts';
import { type StoredOrder, unitsTaken } from '../domain/order-view.ts';
import { possession, proofUse, type Shown } from '../domain/possession.ts';
import { checkRequest, type RedemptionRequest } from '../domain/redemption.ts';
import type { Batcher } from './batcher.ts';
import { claimOf, type ProvenAttempt, requestHash, tokenFacts } from './claim-making.ts';
import type { ClaimOutcome } from './claims.ts';
import type { CheckoutMetrics } from './metrics.ts';
import type { Claim, ClaimStore, SaleOffer, SaleStore } from './ports.ts';
import type { SecondPass, SecondPassReply } from './second-pass.ts';
import { type StoredAnswerOptions, storedAnswer } from './stored-answer.ts';
import type { TimeBack } from './time-back.ts';
import type { Turns } from './turns.ts';

/** What a redemption comes to; each kind is one answer of CONTRACT.md section 4. */
export type RedeemOutcome =
  | { kind: 'created'; order: StoredOrder }
  | { kind: 'replayed'; order: StoredOrder }
  | { kind: 'token-invalid'; cause: unknown }
  | { kind: 'not-bound' }
  | { kind: 'proof-missing' }
  | { kind: 'proof-refused'; fault: ProofFault | { why: 'used' } }
  /** For this token alone, within a minute. */
  | { kind: 'too-many-proofs' }
  | { kind: 'key-reused' }
  | { kind: 'already-redeemed'; orderId: string }
  | { kind: 'token-expired' }
  | { kind: 'token-revoked' }
  /** The same token is being redeemed, and too many more requests with it wait. */
  | { kind: 'under-way' }
  /** The sale has the product no longer: it is over, and another one may have it. */
  | { kind: 'withdrawn' }
  | { kind: 'quantity-exceeded'; asked: number; max: number }
  | { kind: 'limited'; by: BuyerKind }
  | { kind: 'foreign-product'; path: string }
  /** The sale limits units by e-mail, so there has to be one. */
  | { kind: 'email-needed' }
  /** The product is offered by another sale than the token's. */
  | { kind: 'other-sale' }
  | { kind: 'sold-out' }
  | { kind: 'overloaded' }
  | { kind: 'gone' }
  | { kind: 'unavailable'; why: string; cause?: unknown };

export type RedeemOptions = {
  /** Rejects when the keys cannot be had. */
  verify(token: string): Promise<PurchaseVerdict>;
  /** Of a proof by the key with the thumbprint `jkt`, for a redemption with that token. */
  verifyProof(proof: string, token: string, jkt: string): ProofVerdict;
  /** One token at a time: the others of the same token wait for what becomes of the first. */
  turns: Turns;
  batcher: Batcher<Claim, ClaimOutcome>;
  secondPass: Pick<SecondPass, 'wait'>;
  claims: Pick<ClaimStore, 'findStored' | 'findWritten' | 'isRevoked' | 'useProof'>;
  sales: SaleStore;
  timeBack: Pick<TimeBack, 'during'>;
  metrics: CheckoutMetrics;
  shards: number;
  /** Redemptions under way in all; more are refused before any work. */
  underWayMax: number;
  /** How long after a token's `exp` a redemption that began before may still be written. */
  writtenWithinMs: number;
} & StoredAnswerOptions;

export type RedeemInput = {
  token: string;
  shown: Shown;
  /** The balancer's id of the request: the same for each of its tries. */
  balancerRequest: string | null;
  /** Read only after token and proof were found good. Throws where it is not valid. */
  read(): Promise<{ request: RedemptionRequest; idempotencyKey: string | null }>;
  signal?: AbortSignal;
};

export type Redeem = (input: RedeemInput) => Promise<RedeemOutcome>;

/**
 * signature -> proof -> body -> its turn -> expiry, revocation, quantity, products -> batch -> outcome;
 * a stored answer comes before each of these refusals, and outlives the token.
 */
export function makeRedeem(options: RedeemOptions): Redeem {
  let underWay = 0;
  return async (input) => {
    underWay += 1;
    try {
      const outcome: RedeemOutcome =
        underWay > options.underWayMax ? { kind: 'overloaded' } : await redeem(options, input);
      options.metrics.redeemed(outcome.kind);
      if (outcome.kind === 'created') options.metrics.claimed(unitsTaken(outcome.order));
      return outcome;
    } finally {
      underWay -= 1;
    }
  };
}

async function redeem(options: RedeemOptions, input: RedeemInput): Promise<RedeemOutcome> {
  const verdict = await verdictOf(options, input.token);
  if (verdict.kind === 'unavailable') return verdict;
  if (verdict.kind === 'invalid') return { kind: 'token-invalid', cause: verdict.cause };
  const { claims } = verdict;
  // A bound token is worth nothing without its proof (D11).
  const held = possession(claims.cnf?.jkt, input.shown, (proof, jkt) =>
    options.verifyProof(proof, input.token, jkt),
  );
  if (held.kind !== 'shown') return held;
  const { request, idempotencyKey } = await input.read();
  const proof = held.proof === null ? null : proofUse(held.proof, input.balancerRequest);
  const paidElsewhere = input.shown.scheme === 'reported';
  const attempt = { idempotencyKey, requestHash: requestHash(request), proof, paidElsewhere };
  const wish = { claims, request, attempt, isExpired: verdict.kind === 'expired' };
  const work = () => inTurn(options, wish, input.signal);
  const turn = await options.turns(claims.jti, () =>
    wish.isExpired ? work() : options.timeBack.during(claims, work),
  );
  return turn.kind === 'crowded' ? { kind: 'under-way' } : turn.value;
}

/** A redemption whose token and proof are good. */
type Wish = {
  claims: PurchaseClaims;
  request: RedemptionRequest;
  attempt: ProvenAttempt;
  isExpired: boolean;
};

async function inTurn(
  options: RedeemOptions,
  wish: Wish,
  signal: AbortSignal | undefined,
): Promise<RedeemOutcome> {
  try {
    return await spend(options, wish, signal);
  } catch (cause) {
    return { kind: 'unavailable', why: 'store', cause };
  }
}

async function spend(
  options: RedeemOptions,
  wish: Wish,
  signal: AbortSignal | undefined,
): Promise<RedeemOutcome> {
  if (signal?.aborted) return { kind: 'gone' };
  const { claims, request, attempt } = wish;
  const allowed = await allowedBy(options, wish);
  if (allowed.kind === 'refused') return await refusal(options, wish, allowed.outcome);
  const claim = claimOf(claims, request, attempt, allowed.sale, options);
  const submitted = await options.batcher.submit(claim, signal);
  switch (submitted.kind) {
    case 'overloaded':
    case 'gone':
      return submitted;
    case 'too-late':
      return { kind: 'unavailable', why: 'too-late' };
    case 'answered': {
      const { value } = submitted;
      const reply =
        value.kind === 'undecided' ? await options.secondPass.wait(claim, signal) : value;
      return await fromReply(options, wish, reply);
    }
  }
}

async function verdictOf(options: RedeemOptions, token: string) {
  try {
    return await options.verify(token);
  } catch (cause) {
    return { kind: 'unavailable', why: 'keys', cause } as const;
  }
}

type Allowed = { kind: 'allowed'; sale: SaleOffer } | { kind: 'refused'; outcome: RedeemOutcome };

async function allowedBy(options: RedeemOptions, wish: Wish): Promise<Allowed> {
  const { claims, request } = wish;
  const refused = (outcome: RedeemOutcome): Allowed => ({ kind: 'refused', outcome });
  if (wish.isExpired) return refused({ kind: 'token-expired' });
  const sale = await options.sales.findSale(claims.sale);
  // claim.sql does not look again: a product that is deleted within the second still has its units.
  const products = new Map(sale?.products.map(({ id, standing }) => [id, standing]));
  const check = checkRequest(request, claims.max, products);
  switch (check.kind) {
    case 'fine':
      if (!sale) return refused({ kind: 'token-expired' });
      if (sale.isDeleted) return refused({ kind: 'withdrawn' });
      if (sale.unitsPerEmail !== null && request.email === null) {
        return refused({ kind: 'email-needed' });
      }
      return { kind: 'allowed', sale };
    case 'quantity-exceeded':
    case 'withdrawn':
      return refused(check);
    case 'foreign-product': {
      if (await options.sales.isOffered(check.productId)) return refused({ kind: 'other-sale' });
      const at = request.sent.indexOf(check.productId);
      return refused({ kind: 'foreign-product', path: `items.${at}.productId` });
    }
  }
}

/** stored -> (being written) -> revoked -> what else stands against it */
async function refusal(
  options: RedeemOptions,
  wish: Wish,
  outcome: RedeemOutcome,
): Promise<RedeemOutcome> {
  const { claims } = wish;
  const token = tokenFacts(claims);
  let row = (await options.claims.findStored([token.jti])).get(token.jti) ?? null;
  const isExpired = outcome.kind === 'token-expired';
  // The first request may be at another instance, and under way: "expired" would not be the truth.
  if (!row && isExpired && options.now() < claims.exp * 1_000 + options.writtenWithinMs) {
    row = await options.claims.findWritten(token);
  }
  if (row) return await answerOf(options, wish, row);
  if (!isExpired && (await options.claims.isRevoked(token))) return { kind: 'token-revoked' };
  return outcome;
}

/** A token that lapsed before its time was over: its place was given up, or revoked. */
async function answerOf(
  options: RedeemOptions,
  { claims, attempt, isExpired }: Wish,
  row: StoredRedemption,
): Promise<RedeemOutcome> {
  const outcome = await storedAnswer(options, row, attempt);
  if (outcome.kind !== 'token-expired' || isExpired) return outcome;
  const isRevoked = await options.claims.isRevoked(tokenFacts(claims));
  return isRevoked ? { kind: 'token-revoked' } : outcome;
}

async function fromReply(
  options: RedeemOptions,
  wish: Wish,
  reply: SecondPassReply,
): Promise<RedeemOutcome> {
  switch (reply.kind) {
    case 'created':
    case 'sold-out':
    case 'limited':
    case 'overloaded':
    case 'gone':
    case 'unavailable':
      return reply;
    case 'revoked':
      return { kind: 'token-revoked' };
    case 'undecided':
      return { kind: 'unavailable', why: 'locked' };
    case 'stored':
      return await answerOf(options, wish, reply.redemption);
  }
}
