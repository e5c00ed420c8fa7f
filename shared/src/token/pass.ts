import { z } from 'zod';
import { type HmacKeys, parseHmacKeys, signHmacJws, verifyHmacJws } from './hmac-jws.ts';

/**
 * A pass: lets one visitor of one sale into the priority lane, once. An HS256 JWT by keys of its
 * own, which the queue service signs with and the edge verifies by; that it was spent is the
 * room's to know, and Postgres' (table `spent_passes`).
 */
export const passType = 'pass+jwt';

const claimsSchema = z.object({
  sale: z.string(),
  lane: z.literal('priority'),
  /** 96 random bits: what is spent. */
  jti: z.string().regex(/^[A-Za-z0-9_-]{16}$/),
  iat: z.int(),
  exp: z.int(),
});
export type PassClaims = z.infer<typeof claimsSchema>;

/** A pass may live as long as a ticket, and its keys are rotated with those of tickets. */
export const passKeysMax = 20;
export const passSecondsMax = 400 * 86_400;

export type PassKeys = HmacKeys;

/** As `parseTicketKeys`. */
export function parsePassKeys(json: string): PassKeys {
  return parseHmacKeys(json, passType, passKeysMax);
}

export function signPass(keys: PassKeys, claims: PassClaims): string {
  return signHmacJws(keys, claims);
}

export type PassVerdict =
  | { kind: 'valid'; claims: PassClaims }
  | { kind: 'expired' }
  | { kind: 'other-sale' }
  | { kind: 'invalid'; why: 'form' | 'header' | 'key' | 'signature' | 'claims' };

/** Checks what `verifyHmacJws` does, then claims, sale and expiry. */
export function verifyPass(
  keys: PassKeys,
  pass: string,
  saleId: string,
  nowMs: number,
): PassVerdict {
  const verdict = verifyHmacJws(keys, pass);
  if (verdict.kind === 'invalid') return verdict;
  const claims = claimsSchema.safeParse(verdict.payload);
  if (!claims.success) return { kind: 'invalid', why: 'claims' };
  if (claims.data.sale !== saleId) return { kind: 'other-sale' };
  if (nowMs >= claims.data.exp * 1_000) return { kind: 'expired' };
  return { kind: 'valid', claims: claims.data };
}
