import { clockSkewSeconds } from '../clock.ts';
import { type ProofFault, verifyProof } from '../token/dpop.ts';
import type { PublicJwks } from '../token/jwks.ts';
import {
  type PurchaseClaims,
  type PurchaseVerdict,
  purchaseAudience,
  purchaseIssuer,
  verifyPurchaseToken,
} from '../token/purchase.ts';
import { KeysAway, purchaseKeys } from '../token/purchase-keys.ts';
import { usedProofs } from './used-proofs.ts';

// credential -> signature, issuer, audience, times -> sale -> proof of possession -> not used before

export type PurchaseVerifierOptions = {
  /** Fairgate's `/.well-known/jwks.json`; at least one of this and `keys` is needed. */
  jwksUrl?: string | undefined;
  /** A copy of that set: verifies without any fetch, and while the set cannot be fetched. */
  keys?: PublicJwks | undefined;
  /** The claims `aud` and `iss`; what Fairgate writes there unless it was told otherwise. */
  audience?: string | undefined;
  issuer?: string | undefined;
  /** Tokens of this sale alone; of every sale where it is left out. */
  sale?: string | undefined;
  /**
   * The public addresses of this server, without a path unless a proxy takes one away: what a proof
   * of possession has to name. Without any, bound tokens cannot be proven here, and are refused.
   */
  origins?: readonly string[] | undefined;
  /** How long after its `exp` a token still counts, 0 to 5; 5 s after it, its units are another's. */
  clockToleranceSeconds?: number | undefined;
  /** Hears of each fetch of the keys that failed. */
  onKeysAway?: ((error: unknown) => void) | undefined;
  now?: (() => number) | undefined;
};

/** What of a request is looked at. `path` without the query, as the shopper's app has called it. */
export type ShownRequest = {
  /** In capitals. */
  method: string;
  path: string;
  /** The headers `Authorization` and `DPoP`. */
  authorization: string | null | undefined;
  dpop: string | null | undefined;
};

export type Purchase = { kind: 'purchase'; claims: PurchaseClaims; token: string };

export type PurchaseRefusal =
  | { kind: 'token-missing' }
  | { kind: 'token-invalid'; cause: unknown }
  | { kind: 'token-expired'; expiredAtMs: number; nowMs: number }
  | { kind: 'other-sale'; sale: string }
  /** It came with a proof, and is bound to no key: its client is mistaken. */
  | { kind: 'not-bound' }
  | { kind: 'proof-missing' }
  | { kind: 'proof-refused'; fault: ProofFault | { why: 'used' } }
  /** Nobody can say now whether the token is good. */
  | { kind: 'keys-away'; cause: unknown };

/** Never rejects: whatever is wrong with the request is a refusal. */
export type PurchaseVerifier = (request: ShownRequest) => Promise<Purchase | PurchaseRefusal>;

/** Verifies purchase tokens at a checkout of one's own. Throws a RangeError for wrong options. */
export function purchaseVerifier(options: PurchaseVerifierOptions): PurchaseVerifier {
  const { jwksUrl, keys = { keys: [] }, clockToleranceSeconds = 0 } = options;
  if (jwksUrl === undefined && keys.keys.length === 0) {
    throw new RangeError('purchaseVerifier needs a jwksUrl, or keys');
  }
  if (!(clockToleranceSeconds >= 0 && clockToleranceSeconds <= clockSkewSeconds)) {
    throw new RangeError(`clockToleranceSeconds is 0 to ${clockSkewSeconds}`);
  }
  const { issuer = purchaseIssuer, audience = purchaseAudience, now = Date.now } = options;
  const published = purchaseKeys(keys, jwksUrl, options.onKeysAway ?? (() => {}));
  const proofs = usedProofs();
  return async (request) => {
    const credential = credentialOf(request);
    if (credential === null) return { kind: 'token-missing' };
    const { token, scheme } = credential;
    const nowMs = now();
    const verdict = await verdictOf(() =>
      verifyPurchaseToken(token, published, nowMs, { issuer, audience }),
    );
    if (verdict.kind === 'keys-away') return verdict;
    if (verdict.kind === 'invalid') return { kind: 'token-invalid', cause: verdict.cause };
    const { claims } = verdict;
    const expiredAtMs = claims.exp * 1_000;
    if (nowMs >= expiredAtMs + clockToleranceSeconds * 1_000) {
      return { kind: 'token-expired', expiredAtMs, nowMs };
    }
    const { sale = claims.sale, origins = [] } = options;
    if (claims.sale !== sale) return { kind: 'other-sale', sale: claims.sale };
    const { method, path, dpop } = request;
    const jkt = claims.cnf?.jkt;
    if (jkt === undefined) {
      return scheme === 'dpop' ? { kind: 'not-bound' } : { kind: 'purchase', claims, token };
    }
    if (scheme === 'bearer' || !dpop) return { kind: 'proof-missing' };
    const proof = verifyProof(dpop, { method, path, origins, token, jkt, nowMs });
    if (proof.kind === 'invalid') return { kind: 'proof-refused', fault: proof.fault };
    if (!proofs.take(jkt, proof.proof, nowMs)) {
      return { kind: 'proof-refused', fault: { why: 'used' } };
    }
    return { kind: 'purchase', claims, token };
  };
}

type Credential = { scheme: 'bearer' | 'dpop'; token: string };

/** RFC 9110 section 11.4: the scheme in any case, then the token. */
function credentialOf({ authorization }: ShownRequest): Credential | null {
  const [, scheme = '', token = ''] = /^(bearer|dpop) +(\S+) *$/i.exec(authorization ?? '') ?? [];
  if (token === '') return null;
  return { scheme: scheme.toLowerCase() === 'dpop' ? 'dpop' : 'bearer', token };
}

type KeysRefusal = Extract<PurchaseRefusal, { kind: 'keys-away' }>;

async function verdictOf(
  verify: () => Promise<PurchaseVerdict>,
): Promise<PurchaseVerdict | KeysRefusal> {
  try {
    return await verify();
  } catch (cause) {
    if (cause instanceof KeysAway) return { kind: 'keys-away', cause };
    return { kind: 'invalid', cause };
  }
}
