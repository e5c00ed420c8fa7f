import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { noticeKeysMax } from '@fairgate/shared/notices/unsubscribing.ts';
import { purchaseKeysMax } from '@fairgate/shared/token/jwks.ts';
import { passKeysMax } from '@fairgate/shared/token/pass.ts';
import { ticketKeysMax } from '@fairgate/shared/token/ticket.ts';
import { z } from 'zod';
import { SetupError } from '../setup-error.ts';

/**
 * HS256 key of tickets, which only the edge knows, of passes, which the queue service knows too, or
 * of the links that end notices, which the queue service and the checkouts know; AES key of the
 * secrets of webhooks, which the queue service alone knows.
 */
export const ticketKeySchema = z.object({
  kid: z.string().min(1).max(64),
  k: z.string().min(43),
  createdAt: z.iso.datetime().optional(),
  /** When it began to sign, and when the next one took over. */
  signsSince: z.iso.datetime().optional(),
  signedUntil: z.iso.datetime().optional(),
});

/** Ed25519 key of purchase tokens (RFC 8037). */
export const purchaseKeySchema = ticketKeySchema.omit({ k: true }).extend({
  kty: z.literal('OKP'),
  crv: z.literal('Ed25519'),
  x: z.string().min(43),
  d: z.string().min(43),
  alg: z.literal('EdDSA').default('EdDSA'),
  use: z.literal('sig').default('sig'),
});

export type TicketKey = z.infer<typeof ticketKeySchema>;
export type PurchaseKey = z.infer<typeof purchaseKeySchema>;
export type AnyKey = Pick<TicketKey, 'kid' | 'createdAt' | 'signsSince' | 'signedUntil'>;

/** What those who verify take. */
export const keysMax = {
  ticket: ticketKeysMax,
  purchase: purchaseKeysMax,
  pass: passKeysMax,
  notice: noticeKeysMax,
  webhook: 20,
} as const;
export type Kind = keyof typeof keysMax;

/** So long every location and checkout may take to learn a new key (ARCHITECTURE.md D11). */
export const publishedSecondsMin = 600;

export type KeyState = 'signs' | 'next' | 'verifies';

/** The first signs; one that never signed waits for its turn; the others verify what they signed. */
export function stateOf(keys: readonly AnyKey[], key: AnyKey): KeyState {
  if (keys[0] === key) return 'signs';
  return key.signedUntil === undefined ? 'next' : 'verifies';
}

/** The set with a key more, which is published and does not sign yet. Throws a SetupError when full. */
export function withNew<K extends AnyKey>(keys: readonly K[], made: K, kind: Kind): K[] {
  if (keys.some((key) => stateOf(keys, key) === 'next')) {
    throw new SetupError(`The set of ${kind} keys has a new key already: rotate it in first.`);
  }
  if (keys.length >= keysMax[kind]) {
    const full = `The set of ${kind} keys holds ${keysMax[kind]} keys, which is all it may`;
    // Not by age: it would not be known what they still open.
    const room =
      kind === 'webhook'
        ? 'take those out by hand that open nothing any more (docs/operations.md)'
        : 'retire old ones first';
    throw new SetupError(`${full}: ${room}.`);
  }
  return [...keys, made];
}

/**
 * The newest published key signs from now on; the one before it verifies. Throws a SetupError where
 * there is none, or where it is too young for everyone to know it and `isNow` is not said.
 */
export function rotated<K extends AnyKey>(
  keys: readonly K[],
  now: Date,
  { kind, isNow }: { kind: Kind; isNow: boolean },
): K[] {
  const next = keys.findLast((key) => stateOf(keys, key) === 'next');
  const [current, ...others] = keys;
  if (next === undefined || current === undefined) {
    throw new SetupError(`There is no new ${kind} key to rotate to: make one with "new" first.`);
  }
  const ageSeconds = (now.getTime() - Date.parse(next.createdAt ?? '')) / 1_000;
  if (!isNow && ageSeconds < publishedSecondsMin) {
    const early = `The new ${kind} key is ${Math.floor(ageSeconds)} s old`;
    const does = kind === 'webhook' ? 'could not open what it seals' : 'would refuse what it signs';
    const why = `who has not learnt it ${does}`;
    throw new SetupError(`${early}: ${why}. Wait for ${publishedSecondsMin} s, or say --now.`);
  }
  const at = now.toISOString();
  return [
    { ...next, signsSince: at },
    { ...current, signedUntil: at },
    ...others.filter((key) => key !== next),
  ];
}

/** The set without keys whose last token has expired, `tokenSeconds` after they signed last. */
export function withoutExpired<K extends AnyKey>(
  keys: readonly K[],
  now: Date,
  tokenSeconds: number,
): K[] {
  return keys.filter((key) => {
    if (stateOf(keys, key) !== 'verifies' || key.signedUntil === undefined) return true;
    return Date.parse(key.signedUntil) + tokenSeconds * 1_000 > now.getTime();
  });
}

/** 32 random bytes: of tickets, of passes, of notices or of webhooks. */
export function makeHmacKey(now: Date): TicketKey {
  return { kid: newKid(), k: randomBytes(32).toString('base64url'), createdAt: now.toISOString() };
}

export function makePurchaseKey(now: Date): PurchaseKey {
  const { privateKey } = generateKeyPairSync('ed25519');
  const jwk = z
    .object({ x: z.string(), d: z.string() })
    .parse(privateKey.export({ format: 'jwk' }));
  const named = { kid: newKid(), createdAt: now.toISOString() };
  return { kty: 'OKP', crv: 'Ed25519', ...jwk, ...named, alg: 'EdDSA', use: 'sig' };
}

function newKid(): string {
  return randomBytes(6).toString('base64url');
}
