import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { compactJws, decodedPart } from './compact-jws.ts';
import { haveKidsOfTheirOwn } from './jwks.ts';

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
});
export type TicketClaims = z.infer<typeof claimsSchema>;

/** Strict: a header with more in it, `crit` say (RFC 7515 section 4.1.11), is none of ours. */
const headerSchema = z.strictObject({
  alg: z.literal('HS256'),
  typ: z.literal(ticketType),
  kid: z.string(),
});

/** Tickets live for 400 days at most: monthly rotations leave 15 keys that verify, one that signs, one new. */
export const ticketKeysMax = 20;

const keysSchema = z.object({
  keys: z
    .array(z.object({ kid: z.string().min(1).max(64), k: z.base64url().min(43) }))
    .min(1)
    .max(ticketKeysMax)
    .refine(haveKidsOfTheirOwn, 'two keys have the same kid'),
});

/** Keys by `kid`, and by the header as we write it; the first signs, all verify. */
export type TicketKeys = {
  kid: string;
  byKid: Map<string, KeyObject>;
  byHead: Map<string, KeyObject>;
};

/** Parses `{"keys":[{"kid","k"}]}`, `k` being at least 32 bytes as base64url; throws a ZodError. */
export function parseTicketKeys(json: string): TicketKeys {
  const { keys } = keysSchema.parse(JSON.parse(json));
  const byKid = new Map(
    keys.map(({ kid, k }) => [kid, createSecretKey(Buffer.from(k, 'base64url'))]),
  );
  const [first] = keys;
  const byHead = new Map([...byKid].map(([kid, key]) => [encode(headerOf(kid)), key]));
  return { kid: first?.kid ?? '', byKid, byHead };
}

function headerOf(kid: string): z.infer<typeof headerSchema> {
  return { alg: 'HS256', typ: ticketType, kid };
}

export function signTicket(keys: TicketKeys, claims: TicketClaims): string {
  const key = keys.byKid.get(keys.kid);
  if (!key) throw new Error('the ticket key set has no signing key');
  const signed = `${encode(headerOf(keys.kid))}.${encode(claims)}`;
  return `${signed}.${createHmac('sha256', key).update(signed).digest('base64url')}`;
}

export type TicketVerdict =
  | { kind: 'valid'; claims: TicketClaims }
  | { kind: 'expired'; claims: TicketClaims }
  | { kind: 'invalid'; why: 'form' | 'header' | 'key' | 'signature' | 'claims' };

/** Longer texts are no tickets of ours, and are not worth a hash. */
const ticketBytesMax = 1_024;

/** Checks form, pinned algorithm and type (RFC 8725), signature, claims and expiry, in that order. */
export function verifyTicket(keys: TicketKeys, ticket: string, nowMs: number): TicketVerdict {
  if (ticket.length > ticketBytesMax) return { kind: 'invalid', why: 'form' };
  const parts = compactJws(ticket);
  if (parts === null) return { kind: 'invalid', why: 'form' };
  const { head, body, signature } = parts;
  const key = keys.byHead.get(head) ?? keyOf(keys, head);
  if (key === 'header' || key === 'key') return { kind: 'invalid', why: key };
  const expected = createHmac('sha256', key).update(`${head}.${body}`).digest();
  const given = Buffer.from(signature, 'base64url');
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
    return { kind: 'invalid', why: 'signature' };
  }
  const claims = claimsSchema.safeParse(decodedPart(body));
  if (!claims.success) return { kind: 'invalid', why: 'claims' };
  const kind = nowMs >= claims.data.exp * 1_000 ? 'expired' : 'valid';
  return { kind, claims: claims.data };
}

/** The key that a header names which is not written as ours are, or why there is none. */
function keyOf(keys: TicketKeys, head: string): KeyObject | 'header' | 'key' {
  const header = headerSchema.safeParse(decodedPart(head));
  if (!header.success) return 'header';
  return keys.byKid.get(header.data.kid) ?? 'key';
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
