import { createHmac, createPublicKey, type KeyObject, verify } from 'node:crypto';
import {
  type CryptoKey,
  errors,
  exportJWK,
  type JWK,
  type JWTPayload,
  type JWTVerifyGetKey,
  SignJWT,
} from 'jose';
import { z } from 'zod';
import { clockSkewSeconds } from '../clock.ts';
import { compactJws, decodedPart } from './compact-jws.ts';
import { publicJwkSchema, requiredMembers } from './public-jwk.ts';

/** The purchase token of CONTRACT.md section 3: a JWT by Ed25519, one per admission. */
export const purchaseTokenType = 'purchase+jwt';
export const purchaseAudience = 'fairgate-checkout';
export const purchaseIssuer = 'fairgate-edge';
export const purchaseAlgorithm = 'EdDSA';

/** A token of ours takes some 500 characters; longer texts are none, and not worth a hash. */
export const purchaseTokenCharsMax = 2_048;

/** Text that Postgres can hold: JSON can say more, and such a row would fail for ever. */
const text = z
  .string()
  .min(1)
  .refine((value) => value.isWellFormed() && !value.includes('\0'), 'holds what is no text');

const claimsSchema = z.object({
  sub: text,
  jti: text.max(64),
  sale: text,
  number: z.int().min(0),
  /** The number in the line, where `number` is the rank that was drawn. */
  place: z.int().min(0).optional(),
  /** Units it may buy. */
  max: z.int().min(1),
  /** Who it is by the shop's own login, where the place was got by one (`token/person.ts`). */
  identity: text.max(256).optional(),
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

const headerSchema = z.object({
  alg: z.literal(purchaseAlgorithm),
  typ: z.literal(purchaseTokenType),
  kid: z.string().min(1).max(64),
  // Extensions that must be understood: we understand none (RFC 7515 section 4.1.11).
  crit: z.never().optional(),
});
const signedSchema = claimsSchema.extend({
  iss: z.string(),
  aud: z.union([z.string(), z.array(z.string())]),
});

/** Who has to have made the token, and for whom. */
export type PurchaseParties = { issuer: string; audience: string };
const ourParties: PurchaseParties = { issuer: purchaseIssuer, audience: purchaseAudience };

/**
 * Checks length, signature, pinned algorithm, `typ`, `iss`, `aud` and the required claims (RFC 8725).
 * Expiry is told apart, since a stored answer outlives it. Keys that cannot be had (a key set
 * that cannot be fetched) throw; everything about the token itself is a verdict.
 *
 * The signature is checked by `node:crypto`, on the spot: each redemption needs it, and WebCrypto, by
 * which jose does it, takes a third longer and a turn of the thread pool (figures in ADR 0008).
 */
export async function verifyPurchaseToken(
  token: string,
  keys: JWTVerifyGetKey,
  nowMs: number,
  { issuer, audience }: PurchaseParties = ourParties,
): Promise<PurchaseVerdict> {
  if (token.length > purchaseTokenCharsMax) return invalid('too long');
  const parts = compactJws(token);
  if (parts === null) return invalid('not a compact JWS');
  const { head, body, signature } = parts;
  const header = headerSchema.safeParse(decodedPart(head));
  if (!header.success) return invalid(header.error);
  const key = await keyOf(keys, header.data, { payload: body, signature });
  if ('kind' in key) return key;
  const given = Buffer.from(signature, 'base64url');
  if (!verify(null, Buffer.from(`${head}.${body}`), key, given)) return invalid('signature');
  const claims = signedSchema.safeParse(decodedPart(body));
  if (!claims.success) return invalid(claims.error);
  const { iss, aud, ...ours } = claims.data;
  if (iss !== issuer) return invalid('issuer');
  if (![aud].flat().includes(audience)) return invalid('audience');
  return inTime(ours, nowMs);
}

function inTime(claims: PurchaseClaims, nowMs: number): PurchaseVerdict {
  // For `nbf` and `iat` alone: `exp` is exact, since `tokenSeconds` runs to it.
  const latest = nowMs / 1_000 + clockSkewSeconds;
  if (claims.nbf > latest) return invalid('not yet valid');
  if (claims.iat > latest) return invalid('issued in the future');
  return { kind: nowMs >= claims.exp * 1_000 ? 'expired' : 'valid', claims };
}

/** The one key that the set has for this header; what jose says of the token is a verdict. */
async function keyOf(
  keys: JWTVerifyGetKey,
  { alg, typ, kid }: z.infer<typeof headerSchema>,
  rest: { payload: string; signature: string },
): Promise<KeyObject | Extract<PurchaseVerdict, { kind: 'invalid' }>> {
  try {
    return (await nodeKey(await keys({ alg, typ, kid }, rest))) ?? invalid('key');
  } catch (error) {
    if (error instanceof errors.JOSEError && !(error instanceof errors.JWKSTimeout)) {
      return invalid(error);
    }
    throw error;
  }
}

/** Made once for each key: the sets give the same object again. */
const nodeKeys = new WeakMap<object, KeyObject | null>();

async function nodeKey(key: Awaited<ReturnType<JWTVerifyGetKey>>): Promise<KeyObject | null> {
  const known = nodeKeys.get(key);
  if (known !== undefined) return known;
  const jwk = publicJwkSchema.safeParse(isJwk(key) ? key : await exportJWK(key));
  const made =
    jwk.success && jwk.data.kty === 'OKP'
      ? createPublicKey({ key: requiredMembers(jwk.data), format: 'jwk' })
      : null;
  nodeKeys.set(key, made);
  return made;
}

function isJwk(key: object): key is JWK {
  return 'kty' in key;
}

function invalid(cause: unknown): Extract<PurchaseVerdict, { kind: 'invalid' }> {
  return { kind: 'invalid', cause };
}
