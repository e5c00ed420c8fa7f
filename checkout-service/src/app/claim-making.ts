import { createHash } from 'node:crypto';
import { newId } from '@fairgate/shared/ids.ts';
import type { PurchaseClaims } from '@fairgate/shared/token/purchase.ts';
import type { Attempt } from '../domain/idempotency.ts';
import {
  buyersOf,
  canonicalRequest,
  homeShard,
  type RedemptionRequest,
  unlimitedUnits,
} from '../domain/redemption.ts';
import type { Claim, SaleOffer, TokenFacts } from './ports.ts';

/** With the proof that came with it, and who takes the money. */
export type ProvenAttempt = Attempt & Pick<Claim, 'proof' | 'paidElsewhere'>;

/** Claims that share one of these are not claimed at once: a buyer with a limit. */
export function claimKeys(claim: Claim): string[] {
  const limited = claim.buyers.filter((buyer) => buyer.unitsMax < unlimitedUnits);
  return limited.map(({ kind, buyer }) => `${claim.saleId} ${kind} ${buyer}`);
}

export function tokenFacts(claims: PurchaseClaims): TokenFacts {
  const { jti, sale: saleId, sub: visitor, number, place = number, max } = claims;
  return { jti, saleId, visitor, number, place, max };
}

export function claimOf(
  claims: PurchaseClaims,
  request: RedemptionRequest,
  attempt: ProvenAttempt,
  sale: SaleOffer,
  { shards, now }: { shards: number; now(): number },
): Claim {
  return {
    orderId: newId('ord', now()),
    ...tokenFacts(claims),
    ...attempt,
    email: request.email,
    language: request.language,
    identity: claims.identity ?? null,
    shard: homeShard(claims.number, shards),
    items: request.items,
    buyers: buyersOf(claims, request.email, sale),
  };
}

/** SHA-256 of the canonical request: small, and tells nothing of it. */
export function requestHash(request: RedemptionRequest): string {
  return createHash('sha256').update(canonicalRequest(request)).digest('base64url');
}
