import { z } from 'zod';
import { type HmacKeys, parseHmacKeys, signHmacJws, verifyHmacJws } from './hmac-jws.ts';

/**
 * The ticket: the signed proof of a place, an HS256 JWT (RFC 7515, RFC 7519). Signed and checked
 * with `node:crypto` here rather than by jose, since every poll checks one (figures in FACTS.md).
 */
export const ticketType = 'ticket+jwt';

const claimsSchema = z.object({
  /** Sale, visitor, number, ordinal of the admission, joined-at and expiry in seconds. */
  sale: z.string(),
  sub: z.string(),
  n: z.int().min(0),
  ord: z.int().min(1),
  lane: z.enum(['main', 'priority']),
  iat: z.int(),
  exp: z.int(),
  /** Thumbprint of the browser's key (RFC 7638), where the place is bound to one. */
  jkt: z.string().min(1).max(64).optional(),
  /** The place was joined by the shop's own login: `sub` is the person (`token/person.ts`). */
  idn: z.literal(1).optional(),
});
export type TicketClaims = z.infer<typeof claimsSchema>;

/** Tickets live for 400 days at most: monthly rotations leave 15 keys that verify, one that signs, one new. */
export const ticketKeysMax = 20;

export type TicketKeys = HmacKeys;

/** Parses `{"keys":[{"kid","k"}]}`, `k` being at least 32 bytes as base64url; throws a ZodError. */
export function parseTicketKeys(json: string): TicketKeys {
  return parseHmacKeys(json, ticketType, ticketKeysMax);
}

export function signTicket(keys: TicketKeys, claims: TicketClaims): string {
  return signHmacJws(keys, claims);
}

export type TicketVerdict =
  | { kind: 'valid'; claims: TicketClaims }
  | { kind: 'expired'; claims: TicketClaims }
  | { kind: 'invalid'; why: 'form' | 'header' | 'key' | 'signature' | 'claims' };

/** Checks what `verifyHmacJws` does, then claims and expiry. */
export function verifyTicket(keys: TicketKeys, ticket: string, nowMs: number): TicketVerdict {
  const verdict = verifyHmacJws(keys, ticket);
  if (verdict.kind === 'invalid') return verdict;
  const claims = claimsSchema.safeParse(verdict.payload);
  if (!claims.success) return { kind: 'invalid', why: 'claims' };
  const kind = nowMs >= claims.data.exp * 1_000 ? 'expired' : 'valid';
  return { kind, claims: claims.data };
}
