/** A token that was spent, or that lapsed: its row in `redemptions`. */
export type StoredRedemption = {
  jti: string;
  kind: 'order' | 'lapsed';
  orderId: string | null;
  idempotencyKey: string | null;
  requestHash: string | null;
  createdAtMs: number;
};

export type Attempt = { idempotencyKey: string | null; requestHash: string };

export type StoredVerdict =
  | { kind: 'replay'; orderId: string }
  | { kind: 'key-reused' }
  | { kind: 'already-redeemed'; orderId: string }
  | { kind: 'lapsed' };

/**
 * What an attempt with a token that has a row means (CONTRACT.md section 4). Keys are scoped to
 * the token, and honoured for `keptMs`.
 */
export function classifyStored(
  stored: StoredRedemption,
  attempt: Attempt,
  nowMs: number,
  keptMs: number,
): StoredVerdict {
  const { orderId } = stored;
  if (stored.kind === 'lapsed' || orderId === null) return { kind: 'lapsed' };
  const sameKey =
    attempt.idempotencyKey !== null && attempt.idempotencyKey === stored.idempotencyKey;
  if (!sameKey || nowMs - stored.createdAtMs > keptMs) return { kind: 'already-redeemed', orderId };
  if (attempt.requestHash !== stored.requestHash) return { kind: 'key-reused' };
  return { kind: 'replay', orderId };
}
