import { createHash, createHmac, randomBytes, randomInt, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';

/** A challenge of ALTCHA's proof of work, version 1. */
export type AltchaChallenge = {
  algorithm: 'SHA-256';
  /** SHA-256 of `salt` with the number behind it that is to be found, in hex. */
  challenge: string;
  /** The number is not larger. */
  maxnumber: number;
  salt: string;
  /** HMAC-SHA-256 of `challenge`, in hex. */
  signature: string;
};

export type AltchaVerdict =
  /** `id`: 96 random bits that name the challenge. */
  | { kind: 'solved'; id: string; expiresAtMs: number }
  | { kind: 'malformed' }
  /** Not made by us, or changed. */
  | { kind: 'forged' }
  | { kind: 'not-solved' }
  | { kind: 'other-sale'; saleId: string }
  | { kind: 'expired'; expiredAtMs: number; nowMs: number };

/** Time to solve it, on a slow phone in the background of another tab. */
export const altchaSeconds = 300;

const saltBytes = 12;
/**
 * All that the salt says, and nothing else: the `&` at its end keeps digits of the number from
 * being taken for those of a parameter (https://altcha.org/security-advisory/).
 */
const saltForm = /^([0-9a-f]{24})\?expires=(\d{1,12})&sale=(sale_[0-9a-z]{26})&$/;

const solutionSchema = z.object({
  algorithm: z.literal('SHA-256'),
  challenge: z.string().regex(/^[0-9a-f]{64}$/),
  number: z.int().min(0),
  salt: z.string().max(200),
  signature: z.string().regex(/^[0-9a-f]{64}$/),
});

export function issueAltcha(
  key: Buffer,
  { saleId, tries, nowMs }: { saleId: string; tries: number; nowMs: number },
): AltchaChallenge {
  const expires = Math.floor(nowMs / 1_000) + altchaSeconds;
  const salt = `${randomBytes(saltBytes).toString('hex')}?expires=${expires}&sale=${saleId}&`;
  const challenge = hashOf(salt, randomInt(tries + 1));
  const signature = macOf(key, challenge).toString('hex');
  return { algorithm: 'SHA-256', challenge, maxnumber: tries, salt, signature };
}

/** `form -> signature -> solution -> sale -> expiry`; `solved`: the object, or base64 of its JSON. */
export function judgeAltcha(
  key: Buffer,
  solved: string | object,
  { saleId, nowMs }: { saleId: string; nowMs: number },
): AltchaVerdict {
  const solution = solutionSchema.safeParse(
    typeof solved === 'string' ? objectOf(solved) : solved,
  ).data;
  const [, random = '', expires = '', sale = ''] = saltForm.exec(solution?.salt ?? '') ?? [];
  if (solution === undefined || random === '') return { kind: 'malformed' };
  const signature = Buffer.from(solution.signature, 'hex');
  if (!timingSafeEqual(signature, macOf(key, solution.challenge))) return { kind: 'forged' };
  if (hashOf(solution.salt, solution.number) !== solution.challenge) return { kind: 'not-solved' };
  if (sale !== saleId) return { kind: 'other-sale', saleId: sale };
  const expiresAtMs = Number(expires) * 1_000;
  if (expiresAtMs <= nowMs) return { kind: 'expired', expiredAtMs: expiresAtMs, nowMs };
  const id = Buffer.from(random, 'hex').toString('base64url');
  return { kind: 'solved', id, expiresAtMs };
}

function hashOf(salt: string, number: number): string {
  return createHash('sha256').update(`${salt}${number}`).digest('hex');
}

function macOf(key: Buffer, challenge: string): Buffer {
  return createHmac('sha256', key).update(challenge).digest();
}

function objectOf(base64: string): unknown {
  try {
    return JSON.parse(Buffer.from(base64, 'base64').toString('utf8'));
  } catch {
    return undefined;
  }
}
