import { createHash, verify } from 'node:crypto';
import { z } from 'zod';
import { clockSkewSeconds } from '../clock.ts';
import { compactJws, decodedPart } from './compact-jws.ts';
import { jwkThumbprint, type PublicJwk, publicJwkSchema, requiredMembers } from './public-jwk.ts';

// length -> form -> header -> key's thumbprint -> claims -> signature: the dear check comes last.

/** The type of a proof of possession, and the algorithms that one may have (RFC 9449 section 4.2). */
export const proofType = 'dpop+jwt';
export const proofAlgorithms = ['ES256', 'EdDSA'] as const;

export const proofLimits = {
  /** A proof of ours takes some 600 characters; longer ones are not worth a hash. */
  charsMax: 2_048,
  /** What was copied on its way is worth nothing soon after. */
  ageSecondsMax: 60,
  aheadSecondsMax: clockSkewSeconds,
  /** Stored with the redemption. */
  jtiCharsMax: 128,
} as const;

/** What a proof has to fit to. */
export type ProofExpectation = {
  /** As in the request, in capitals. */
  method: string;
  /** Path of the request, without its query. */
  path: string;
  /** Public origins of the service; a proof may name any of them. */
  origins: readonly string[];
  /** The token or ticket that the proof goes with, as it was sent. */
  token: string;
  /** Thumbprint of the key that the token is bound to (RFC 7638). */
  jkt: string;
  nowMs: number;
};

export type ProofFault =
  | { why: 'length'; chars: number }
  | { why: 'form' }
  | { why: 'header'; cause: unknown }
  | { why: 'claims'; cause: unknown }
  | { why: 'other-key'; jkt: string }
  | { why: 'method'; htm: string }
  | { why: 'address'; htu: string }
  | { why: 'other-token' }
  | { why: 'old' | 'future'; iat: number; nowMs: number }
  | { why: 'key' }
  | { why: 'signature' };

/** `proof` is the `jti`: whoever takes the proof makes sure that it is used once. */
export type ProofVerdict =
  | { kind: 'valid'; proof: string; issuedAt: number }
  | { kind: 'invalid'; fault: ProofFault };

const jwk = publicJwkSchema;
const headerSchema = z
  .object({
    typ: z.literal(proofType),
    alg: z.enum(proofAlgorithms),
    jwk,
    // Extensions that must be understood: we understand none (RFC 7515 section 4.1.11).
    crit: z.never().optional(),
  })
  .refine((header) => algorithmOf(header.jwk) === header.alg, 'alg does not fit the key');

const claimsSchema = z.object({
  // It goes into Postgres: text without what JSON can say and Postgres cannot hold.
  jti: z
    .string()
    .max(proofLimits.jtiCharsMax)
    .regex(/^[\x20-\x7e]+$/),
  htm: z.string().max(20),
  htu: z.string().max(1_024),
  iat: z.number(),
  ath: z.string().max(64),
});
type ProofClaims = z.infer<typeof claimsSchema>;

/** Checks a DPoP proof as RFC 9449 section 4.3 says, but for the replay. Never throws. */
export function verifyProof(proof: string, expected: ProofExpectation): ProofVerdict {
  if (proof.length > proofLimits.charsMax) return invalid({ why: 'length', chars: proof.length });
  // Several DPoP headers arrive as one text with commas, which is none of this form.
  const parts = compactJws(proof);
  if (parts === null) return invalid({ why: 'form' });
  const { head, body, signature } = parts;
  const header = headerSchema.safeParse(decodedPart(head));
  if (!header.success) return invalid({ why: 'header', cause: header.error });
  const jkt = jwkThumbprint(header.data.jwk);
  if (jkt !== expected.jkt) return invalid({ why: 'other-key', jkt });
  const claims = claimsSchema.safeParse(decodedPart(body));
  if (!claims.success) return invalid({ why: 'claims', cause: claims.error });
  const fault =
    claimsFault(claims.data, expected) ??
    signatureFault(header.data.jwk, `${head}.${body}`, signature);
  if (fault) return invalid(fault);
  return { kind: 'valid', proof: claims.data.jti, issuedAt: claims.data.iat };
}

/** base64url(SHA-256(token)): the claim `ath` of a proof that goes with it. */
export function tokenHash(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}

/** An address without query and fragment, in one spelling (RFC 3986 section 6.2); null if it is none. */
export function normalAddress(text: string): string | null {
  if (!URL.canParse(text)) return null;
  const { protocol, origin, pathname, username, password } = new URL(text);
  const isPlain = /^https?:$/.test(protocol) && username === '' && password === '';
  return isPlain ? origin + pathname.replaceAll(/%[0-9a-f]{2}/gi, normalEscape) : null;
}

/** Letters, digits, `-._~` are the same with and without escaping; escapes are in capitals. */
function normalEscape(escaped: string): string {
  const plain = String.fromCharCode(Number.parseInt(escaped.slice(1), 16));
  return /[\w.~-]/.test(plain) ? plain : escaped.toUpperCase();
}

function claimsFault(claims: ProofClaims, expected: ProofExpectation): ProofFault | null {
  const { htm, htu, iat, ath } = claims;
  const { method, path, origins, token, nowMs } = expected;
  if (htm !== method) return { why: 'method', htm };
  const address = normalAddress(htu);
  const isOurs = origins.some((origin) => normalAddress(origin + path) === address);
  if (address === null || !isOurs) return { why: 'address', htu };
  const ageSeconds = nowMs / 1_000 - iat;
  if (ageSeconds > proofLimits.ageSecondsMax) return { why: 'old', iat, nowMs };
  if (-ageSeconds > proofLimits.aheadSecondsMax) return { why: 'future', iat, nowMs };
  return ath === tokenHash(token) ? null : { why: 'other-token' };
}

/**
 * `node:crypto` rather than jose, since each redemption of a bound token needs it: an ES256 proof
 * by a key never seen takes 145 µs so, and 400 by WebCrypto (figures in ADR 0009).
 */
function signatureFault(jwk: PublicJwk, signed: string, signature: string): ProofFault | null {
  const given = Buffer.from(signature, 'base64url');
  if (given.length !== 64) return { why: 'signature' };
  const digest = jwk.kty === 'EC' ? 'sha256' : null;
  // RFC 7518 section 3.4: r and s side by side, not DER. workerd takes that with a JWK alone.
  const key = { key: requiredMembers(jwk), format: 'jwk', dsaEncoding: 'ieee-p1363' } as const;
  try {
    return verify(digest, Buffer.from(signed), key, given) ? null : { why: 'signature' };
  } catch {
    return { why: 'key' };
  }
}

function algorithmOf(jwk: PublicJwk): (typeof proofAlgorithms)[number] {
  return jwk.kty === 'EC' ? 'ES256' : 'EdDSA';
}

function invalid(fault: ProofFault): ProofVerdict {
  return { kind: 'invalid', fault };
}
