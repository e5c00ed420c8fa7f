import { createHash } from 'node:crypto';
import { clockSkewSeconds } from '../clock.ts';
import { Problem, problemResponse } from '../problem.ts';
import type { PurchaseClaims } from '../token/purchase.ts';

/** One try to spend a token. `digest` stands for the body, so that it need not be kept. */
export type Attempt = { idempotencyKey: string | null; digest: string };

/** What is kept of a spent token; `answer` is null as long as nothing was answered. */
export type SpentToken = Attempt & { answer: string | null };

/** Which tokens were spent here. Every call may be repeated without a further effect. */
export type Redemptions = {
  /**
   * Null the first time, and then the token is this attempt's; otherwise what was kept. `keepMs`: how
   * long from now it has to be remembered.
   */
  spend(jti: string, attempt: Attempt, keepMs: number): Promise<SpentToken | null>;
  /** For one request at a time, until `putDown` or so many ms later: it may work on the answer. */
  takeUp(jti: string, leaseMs: number): Promise<boolean>;
  /** The work failed: whoever asks again may take it up at once. */
  putDown(jti: string): Promise<void>;
  /** Keeps what was answered, for whoever asks again with the same key. */
  keep(jti: string, answer: string): Promise<void>;
  /** The token was not spent after all: nothing was left, say. An answer that was kept stays. */
  release(jti: string): Promise<void>;
};

/** As Fairgate's own checkout: an Idempotency-Key is honoured for a day, past the token's `exp`. */
const keptMs = 24 * 3_600_000;

export type Spending = {
  redemptions: Redemptions;
  claims: PurchaseClaims;
  /** The header `Idempotency-Key`, and the body as it came. */
  idempotencyKey: string | null | undefined;
  body: string;
  /** How long `work` may take before it counts as dead; a minute where it is left out. */
  leaseMs?: number | undefined;
  now?: (() => number) | undefined;
};

/** `spent: false` gives the token back: the shopper may try again with it. */
export type SpendAnswer = { status: number; body: unknown; spent?: boolean };

/**
 * Runs `work` for the first request with this token, and answers what it says; the same key and body
 * get the same answer again (`idempotent-replayed: true`), the same key with another body 422, any other
 * attempt 409. Where `work` threw, or its process died, nobody knows what it did: the token stays
 * spent, and the same key and body run it again, so it has to be repeatable, as reports to Fairgate
 * are. While it runs, 409 `conflict`. Rejects with what `work` throws.
 */
export async function redeemOnce(
  spending: Spending,
  work: () => Promise<SpendAnswer>,
): Promise<Response> {
  const { redemptions, claims, idempotencyKey = null, leaseMs = 60_000 } = spending;
  if (idempotencyKey !== null && !/^[\x20-\x7e]{1,255}$/.test(idempotencyKey)) {
    const detail = 'The Idempotency-Key is 1 to 255 printable characters.';
    return refused(new Problem('invalid-request', detail));
  }
  const digest = createHash('sha256').update(spending.body).digest('base64url');
  const attempt = { idempotencyKey, digest };
  const { jti } = claims;
  const known = await redemptions.spend(jti, attempt, keepMsOf(spending));
  const answered = known === null ? null : again(known, attempt);
  if (answered !== null) return answered;
  if (!(await redemptions.takeUp(jti, leaseMs))) {
    const detail = 'The same token is being redeemed; ask again for what becomes of it.';
    return refused(new Problem('conflict', { detail, retryAfterSeconds: 1 }));
  }
  let answer: SpendAnswer;
  try {
    answer = await work();
  } catch (error) {
    await redemptions.putDown(jti);
    throw error;
  }
  if (answer.spent === false) await redemptions.release(jti);
  // It is done, whatever the store says: without an answer kept, the same key does it again.
  else await redemptions.keep(jti, JSON.stringify([answer.status, answer.body])).catch(() => {});
  return Response.json(answer.body, { status: answer.status });
}

function keepMsOf({ claims, now = Date.now }: Spending): number {
  const aliveMs = (claims.exp + clockSkewSeconds) * 1_000 - now();
  return Math.max(0, aliveMs) + keptMs;
}

/** Null where this attempt has to be worked on (again). */
function again(spent: SpentToken, attempt: Attempt): Response | null {
  if (attempt.idempotencyKey === null || attempt.idempotencyKey !== spent.idempotencyKey) {
    return refused(new Problem('token-already-redeemed', 'The token was redeemed before.'));
  }
  if (attempt.digest !== spent.digest) {
    return refused(new Problem('idempotency-key-reused', 'The key came with another body before.'));
  }
  if (spent.answer === null) return null;
  // Written by this file alone.
  const [status, body] = JSON.parse(spent.answer) as [number, unknown];
  return Response.json(body, { status, headers: { 'idempotent-replayed': 'true' } });
}

function refused({ slug, details }: Problem): Response {
  return problemResponse(slug, details);
}
