import { classifyStored, type StoredRedemption } from '../domain/idempotency.ts';
import type { ProvenAttempt } from './claim-making.ts';
import type { ClaimStore, OrderStore } from './ports.ts';
import type { RedeemOutcome } from './redeem.ts';

export type StoredAnswerOptions = {
  claims: Pick<ClaimStore, 'useProof'>;
  orders: Pick<OrderStore, 'find'>;
  idempotencyMs: number;
  now(): number;
};

/** What a token that has a row is answered with: proof used -> key and body -> order. */
export async function storedAnswer(
  options: StoredAnswerOptions,
  stored: StoredRedemption,
  attempt: ProvenAttempt,
): Promise<RedeemOutcome> {
  const { proof } = attempt;
  // A proof that came before was overheard, or is sent again instead of made anew.
  const use = proof === null ? 'fine' : await options.claims.useProof(stored.jti, proof);
  if (use === 'used') return { kind: 'proof-refused', fault: { why: 'used' } };
  if (use === 'too-many') return { kind: 'too-many-proofs' };
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
