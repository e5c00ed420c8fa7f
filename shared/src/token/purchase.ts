import { createHmac } from 'node:crypto';
import {
  type CryptoKey,
  errors,
  type JWTPayload,
  type JWTVerifyGetKey,
  jwtVerify,
  SignJWT,
} from 'jose';
import { z } from 'zod';

/** The purchase token of CONTRACT.md section 3: a JWT by Ed25519, one per admission. */
export const purchaseTokenType = 'purchase+jwt';
export const purchaseAudience = 'fairgate-checkout';
export const purchaseIssuer = 'fairgate-edge';
export const purchaseAlgorithm = 'EdDSA';

/** A token of ours takes some 500 characters; longer texts are none, and not worth a hash. */
export const purchaseTokenCharsMax = 2_048;
/** Clocks of edge and checkout differ a little: for `nbf` and `iat`, while `exp` is exact. */
const skewSeconds = 5;

const claimsSchema = z.object({
  sub: z.string().min(1),
  jti: z.string().min(1).max(64),
  sale: z.string().min(1),
  number: z.int().min(0),
  /** Units it may buy. */
  max: z.int().min(1),
  /** The shop's own login, where the sale trusts one: `sub` of its token. */
  identity: z.string().min(1).max(256).optional(),
  iat: z.int(),
  nbf: z.int(),
  exp: z.int(),
  /** Thumbprint of the key (RFC 7638) that has to prove each use (RFC 9449 section 6.1). */
  cnf: z.object({ jkt: z.string().min(1).max(64) }).optional(),
});
export type PurchaseClaims = z.infer<typeof claimsSchema>;

/**
 * `jti` = HMAC(key, sale, visitor, ordinal): an admission that Redis forgot and repeats yields
 * the same one, so nobody is admitted twice to any effect (ARCHITECTURE.md D4).
 */
export function deriveJti(key: Buffer, saleId: string, visitor: string, ordinal: number): string {
  const text = `${saleId}\n${visitor}\n${ordinal}`;
  return createHmac('sha256', key).update(text).digest('base64url').slice(0, 32);
}

/** A key that signs, as the edge alone holds it. */
export type PurchaseSigner = { kid: string; key: CryptoKey };

/** The same claims give the same token, as Ed25519 signatures are deterministic (RFC 8032). */
export async function signPurchaseToken(
  signer: PurchaseSigner,
  claims: PurchaseClaims,
): Promise<string> {
  const payload: JWTPayload = { ...claims, iss: purchaseIssuer, aud: purchaseAudience };
  return await new SignJWT(payload)
    .setProtectedHeader({ alg: purchaseAlgorithm, typ: purchaseTokenType, kid: signer.kid })
    .sign(signer.key);
}

export type PurchaseVerdict =
  | { kind: 'valid'; claims: PurchaseClaims }
  | { kind: 'expired'; claims: PurchaseClaims }
  | { kind: 'invalid'; cause: unknown };

/**
 * Checks length, signature, pinned algorithm, `typ`, `iss`, `aud` and the required claims (RFC 8725).
 * Expiry is told apart, since a stored answer outlives it. Keys that cannot be had (a key set
 * that cannot be fetched) throw; everything about the token itself is a verdict.
 */
export async function verifyPurchaseToken(
  token: string,
  keys: JWTVerifyGetKey,
  nowMs: number,
): Promise<PurchaseVerdict> {
  if (token.length > purchaseTokenCharsMax) return { kind: 'invalid', cause: 'too long' };
  try {
    const { payload } = await jwtVerify(token, named(keys), {
      algorithms: [purchaseAlgorithm],
      typ: purchaseTokenType,
      issuer: purchaseIssuer,
      audience: purchaseAudience,
      requiredClaims: ['sub', 'jti', 'sale', 'number', 'max', 'iat', 'nbf', 'exp'],
      currentDate: new Date(nowMs),
      clockTolerance: skewSeconds,
    });
    return parsed(payload, nowMs);
  } catch (error) {
    if (error instanceof errors.JWTExpired) return parsed(error.payload, nowMs);
    if (error instanceof errors.JOSEError && !(error instanceof errors.JWKSTimeout)) {
      return { kind: 'invalid', cause: error };
    }
    throw error;
  }
}

/** Every token of ours names its key: one that does not is tried with none. */
function named(keys: JWTVerifyGetKey): JWTVerifyGetKey {
  return (header, token) => {
    if (typeof header?.kid !== 'string') throw new errors.JWKSNoMatchingKey();
    return keys(header, token);
  };
}

function parsed(payload: JWTPayload, nowMs: number): PurchaseVerdict {
  const claims = claimsSchema.safeParse(payload);
  if (!claims.success) return { kind: 'invalid', cause: claims.error };
  const { iat, exp } = claims.data;
  if (iat > nowMs / 1_000 + skewSeconds) return { kind: 'invalid', cause: 'issued in the future' };
  return { kind: nowMs >= exp * 1_000 ? 'expired' : 'valid', claims: claims.data };
}
