import { createHash } from 'node:crypto';
import { newId } from '@fairgate/shared/ids.ts';
import type { BuyerKind } from '@fairgate/shared/order.ts';
import type { ProofFault, ProofVerdict } from '@fairgate/shared/token/dpop.ts';
import type { PurchaseClaims, PurchaseVerdict } from '@fairgate/shared/token/purchase.ts';
import { type Attempt, classifyStored, type StoredRedemption } from '../domain/idempotency.ts';
import { type StoredOrder, unitsTaken } from '../domain/order-view.ts';
import { possession, type Shown } from '../domain/possession.ts';
import {
  buyersOf,
  canonicalRequest,
  checkRequest,
  homeShard,
  type RedemptionRequest,
  unlimitedUnits,
} from '../domain/redemption.ts';
import type { Batcher } from './batcher.ts';
import type { ClaimOutcome } from './claims.ts';
import type { CheckoutMetrics } from './metrics.ts';
import type { Claim, ClaimStore, OrderStore, SaleOffer, SaleStore } from './ports.ts';
import type { SecondPass } from './second-pass.ts';

/** What a redemption comes to; each kind is one answer of CONTRACT.md section 4. */
export type RedeemOutcome =
  | { kind: 'created'; order: StoredOrder }
  | { kind: 'replayed'; order: StoredOrder }
  | { kind: 'token-invalid'; cause: unknown }
  | { kind: 'not-bound' }
  | { kind: 'proof-missing' }
  | { kind: 'proof-refused'; fault: ProofFault | { why: 'used' } }
  | { kind: 'key-reused' }
  | { kind: 'already-redeemed'; orderId: string }
  | { kind: 'token-expired' }
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
  batcher: Batcher<Claim, ClaimOutcome>;
  claimWaiting: SecondPass;
  claims: Pick<ClaimStore, 'findStored' | 'useProof'>;
  orders: Pick<OrderStore, 'find'>;
  sales: SaleStore;
  metrics: CheckoutMetrics;
  shards: number;
  idempotencyMs: number;
  now(): number;
};

export type RedeemInput = {
  token: string;
  shown: Shown;
  idempotencyKey: string | null;
  /** Read only after token and proof were found good. Throws where the body is not valid. */
  body(): Promise<RedemptionRequest>;
  signal?: AbortSignal;
};

export type Redeem = (input: RedeemInput) => Promise<RedeemOutcome>;

/** signature -> proof -> body -> stored key -> expiry -> quantity -> products -> batch -> outcome */
export function makeRedeem(options: RedeemOptions): Redeem {
  return async (input) => {
    const outcome = await redeem(options, input);
    options.metrics.redeemed(outcome.kind);
    if (outcome.kind === 'created') options.metrics.claimed(unitsTaken(outcome.order));
    return outcome;
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
  const request = await input.body();
  const { proof } = held;
  const { idempotencyKey } = input;
  const attempt = { idempotencyKey, requestHash: requestHash(request), proof };

  const allowed = await allowedBy(options, verdict.kind, claims, request);
  if (allowed.kind === 'refused') {
    // A stored answer comes before every such refusal, and outlives the token.
    const stored = await options.claims.findStored([claims.jti]);
    const row = stored.get(claims.jti);
    return row ? await fromStored(options, row, attempt) : allowed.outcome;
  }
  const claim = claimOf(claims, request, attempt, allowed.sale, options);
  const submitted = await options.batcher.submit(claim, input.signal);
  switch (submitted.kind) {
    case 'overloaded':
    case 'gone':
      return submitted;
    case 'too-late':
      return { kind: 'unavailable', why: 'too-late' };
    case 'answered': {
      const { value } = submitted;
      const outcome = value.kind === 'short' ? await options.claimWaiting(claim) : value;
      return await fromOutcome(options, outcome, attempt);
    }
  }
}

/** With the `jti` of the proof that came with it. */
type ProvenAttempt = Attempt & { proof: string | null };

async function verdictOf(options: RedeemOptions, token: string) {
  try {
    return await options.verify(token);
  } catch (cause) {
    return { kind: 'unavailable', why: 'keys', cause } as const;
  }
}

type Allowed = { kind: 'allowed'; sale: SaleOffer } | { kind: 'refused'; outcome: RedeemOutcome };

async function allowedBy(
  options: RedeemOptions,
  verdict: 'valid' | 'expired',
  claims: PurchaseClaims,
  request: RedemptionRequest,
): Promise<Allowed> {
  const refused = (outcome: RedeemOutcome): Allowed => ({ kind: 'refused', outcome });
  if (verdict === 'expired') return refused({ kind: 'token-expired' });
  const sale = await options.sales.findSale(claims.sale);
  // claim.sql does not look again: a product that is deleted within the second still has its units.
  const offered = sale?.products.filter((product) => !product.deleted);
  const products = new Set(offered?.map((product) => product.id));
  const check = checkRequest(request, claims.max, products);
  switch (check.kind) {
    case 'fine':
      if (sale && sale.unitsPerEmail !== null && request.email === null) {
        return refused({ kind: 'email-needed' });
      }
      // A sale without products, or none at all, refuses every request as foreign.
      return sale ? { kind: 'allowed', sale } : refused({ kind: 'token-expired' });
    case 'quantity-exceeded':
      return refused(check);
    case 'foreign-product': {
      if (await options.sales.isOffered(check.productId)) return refused({ kind: 'other-sale' });
      const at = request.items.findIndex((item) => item.productId === check.productId);
      return refused({ kind: 'foreign-product', path: `items.${at}.productId` });
    }
  }
}

/** Claims that share one of these are not claimed at once: a token, or a buyer with a limit. */
export function claimKeys(claim: Claim): string[] {
  const limited = claim.buyers.filter((buyer) => buyer.unitsMax < unlimitedUnits);
  return [claim.jti, ...limited.map(({ kind, buyer }) => `${claim.saleId} ${kind} ${buyer}`)];
}

function claimOf(
  claims: PurchaseClaims,
  request: RedemptionRequest,
  attempt: ProvenAttempt,
  sale: SaleOffer,
  options: RedeemOptions,
): Claim {
  return {
    orderId: newId('ord', options.now()),
    jti: claims.jti,
    saleId: claims.sale,
    visitor: claims.sub,
    number: claims.number,
    max: claims.max,
    ...attempt,
    email: request.email,
    identity: claims.identity ?? null,
    shard: homeShard(claims.number, options.shards),
    items: request.items,
    buyers: buyersOf(claims, request.email, sale),
  };
}

async function fromOutcome(
  options: RedeemOptions,
  outcome: ClaimOutcome,
  attempt: ProvenAttempt,
): Promise<RedeemOutcome> {
  switch (outcome.kind) {
    case 'created':
    case 'sold-out':
    case 'limited':
    case 'unavailable':
      return outcome;
    case 'short':
      return { kind: 'unavailable', why: 'locked' };
    case 'stored':
      return await fromStored(options, outcome.redemption, attempt);
  }
}

async function fromStored(
  options: RedeemOptions,
  stored: StoredRedemption,
  attempt: ProvenAttempt,
): Promise<RedeemOutcome> {
  const { proof } = attempt;
  // A proof that came before was overheard, or is sent again instead of made anew.
  if (proof !== null && !(await options.claims.useProof(stored.jti, proof))) {
    return { kind: 'proof-refused', fault: { why: 'used' } };
  }
  const verdict = classifyStored(stored, attempt, options.now(), options.idempotencyMs);
  switch (verdict.kind) {
    case 'lapsed':
      return { kind: 'token-expired' };
    case 'key-reused':
    case 'already-redeemed':
      return verdict;
    case 'replay': {
      const order = await options.orders.find(verdict.orderId);
      return order ? { kind: 'replayed', order } : { kind: 'unavailable', why: 'order' };
    }
  }
}

/** SHA-256 of the canonical request: small, and tells nothing of it. */
export function requestHash(request: RedemptionRequest): string {
  return createHash('sha256').update(canonicalRequest(request)).digest('base64url');
}
