import { hashOf, makeProof, storedKey } from '@fairgate/shared/pages/client/browser-key.ts';
import { type Mistake, mistakeOf } from '../mistake.ts';
import { type Answer, ask, slugOf } from './asking.ts';
import { readClaims } from './draft.ts';
import { learnTime, serverNow } from './page.ts';

/** What is redeemed; the token may be replaced by one with more time, and the key by a new wish. */
export type Wish = {
  token(): string;
  key(): string;
  /** The shopper came back and chose otherwise: another key tells the two wishes apart. */
  renewKey(): void;
  /** Takes the token again; true where it has more time, since a fault of ours had taken some. */
  renewToken(): Promise<boolean>;
  body: { items: { productId: string; quantity: number }[]; email?: string };
};

export type Redeemed = { orderId: string } | { mistake: Mistake };

const path = '/v1/redemptions';
const attemptsMax = 5;

/** The same key stays for all the tries, so that they are one redemption however many are answered. */
export async function redeem(wish: Wish): Promise<Redeemed> {
  let answer: Answer | null = null;
  for (let attempt = 1; attempt <= attemptsMax; attempt += 1) {
    const headers = await credentials(wish.token());
    if (headers === null) return { mistake: mistakeOf({ slug: 'proof-invalid' }) };
    answer = await ask(path, { ...headers, 'idempotency-key': wish.key() }, wish.body);
    const waitMs = await retryMs(answer, attempt, wish);
    if (waitMs === null) break;
    if (attempt < attemptsMax) await new Promise((resolve) => setTimeout(resolve, waitMs));
  }
  if (answer === null) return { mistake: away() };
  const orderId = answer.body.order?.id ?? answer.body.orderId;
  return orderId ? { orderId } : { mistake: mistakeOf(answer.refusal) };
}

/** No answer came, though it was asked for again and again. */
function away(): Mistake {
  const key = navigator.onLine ? 'mistake.away' : 'mistake.offline';
  return { key, values: {}, field: null };
}

/** A bound token goes with a fresh proof by the key of this browser (RFC 9449); null: it has none. */
async function credentials(token: string): Promise<Record<string, string> | null> {
  if (!readClaims(token).cnf) return { authorization: `Bearer ${token}` };
  const pair = await storedKey();
  if (pair === null) return null;
  const wish = { method: 'POST', path, ath: await hashOf(token), nowMs: serverNow() };
  return { authorization: `DPoP ${token}`, dpop: await makeProof(pair, wish) };
}

/** How long to wait before the same is asked again; null where the answer is the answer. */
async function retryMs(answer: Answer | null, attempt: number, wish: Wish): Promise<number | null> {
  if (answer === null) return 500 * attempt;
  switch (slugOf(answer)) {
    case 'idempotency-key-reused':
      wish.renewKey();
      return 0;
    case 'proof-invalid':
      // Sent twice on its way, or made by a clock that was set meanwhile.
      learnTime(answer.response.headers.get('date') ?? '');
      return 0;
    case 'token-expired':
      return (await wish.renewToken()) ? 0 : null;
    default: {
      const retryAfter = answer.response.headers.get('retry-after');
      return retryAfter === null ? null : Math.min(5, Number(retryAfter) || 1) * 1_000;
    }
  }
}
