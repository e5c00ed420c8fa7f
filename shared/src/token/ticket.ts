import type { Lane } from '../place.ts';
import { type HmacKeys, parseHmacKeys, signHmacJws, verifyHmacJws } from './hmac-jws.ts';

/**
 * The ticket: the signed proof of a place, an HS256 JWT (RFC 7515, RFC 7519). Signed and checked
 * with `node:crypto` here rather than by jose, since every poll checks one (figures in FACTS.md).
 */
export const ticketType = 'ticket+jwt';

export type TicketClaims = {
  /** Sale, visitor, number, ordinal of the admission, joined-at and expiry in seconds. */
  sale: string;
  sub: string;
  n: number;
  ord: number;
  lane: Lane;
  iat: number;
  exp: number;
  /** Thumbprint of the browser's key (RFC 7638), where the place is bound to one. */
  jkt?: string;
  /** The place was joined by the shop's own login: `sub` is the person (`token/person.ts`). */
  idn?: 1;
};

/**
 * By hand, since each ticket that an isolate has not seen is checked here: zod, which cannot compile
 * its schemas in a Worker, takes some 8 % of such a poll (ADR 0004).
 */
function areClaims(payload: unknown): payload is TicketClaims {
  if (typeof payload !== 'object' || payload === null) return false;
  const claims: { [name in keyof TicketClaims]?: unknown } = payload;
  const { sale, sub, n, ord, lane, iat, exp, jkt, idn } = claims;
  return (
    typeof sale === 'string' &&
    typeof sub === 'string' &&
    isWhole(n, 0) &&
    isWhole(ord, 1) &&
    (lane === 'main' || lane === 'priority') &&
    isWhole(iat) &&
    isWhole(exp) &&
    (jkt === undefined || isThumbprint(jkt)) &&
    (idn === undefined || idn === 1)
  );
}

function isWhole(value: unknown, least = Number.MIN_SAFE_INTEGER): boolean {
  return Number.isSafeInteger(value) && Number(value) >= least;
}

function isThumbprint(value: unknown): boolean {
  return typeof value === 'string' && value.length >= 1 && value.length <= 64;
}

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
  const claims = verdict.payload;
  if (!areClaims(claims)) return { kind: 'invalid', why: 'claims' };
  return { kind: nowMs >= claims.exp * 1_000 ? 'expired' : 'valid', claims };
}
