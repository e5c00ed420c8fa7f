import { randomBytes } from 'node:crypto';

/** Crockford's base 32 in lower case: sorts like the bytes it encodes, and has no look-alikes. */
const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';

export const idPrefixes = [
  'sale',
  'prod',
  'ord',
  'unit',
  'pay',
  'key',
  'evt',
  'req',
  'ban',
  'pass',
  'imp',
  'hook',
  'dlv',
] as const;
export type IdPrefix = (typeof idPrefixes)[number];

/** 48 bits of milliseconds as 10 letters, then 80 random bits as 16: a ULID in lower case. */
export function newId(prefix: IdPrefix, nowMs: number = Date.now()): string {
  return `${prefix}_${timeLetters(nowMs)}${randomLetters(16)}`;
}

/** The id that follows from a moment and 16 bytes or more: the same for the same ones. */
export function idOf(prefix: IdPrefix, atMs: number, bytes: Uint8Array): string {
  return `${prefix}_${timeLetters(atMs)}${lettersOf(bytes.subarray(0, 16))}`;
}

/** An id is one of ours by its form alone; whether it exists is another question. */
export function isId(prefix: IdPrefix, text: string): boolean {
  return (
    text.startsWith(`${prefix}_`) && /^[0-9a-hjkmnp-tv-z]{26}$/.test(text.slice(prefix.length + 1))
  );
}

/** A visitor: 128 random bits, 22 letters of base64url. */
export function newVisitorId(): string {
  return randomBytes(16).toString('base64url');
}

function timeLetters(nowMs: number): string {
  let rest = nowMs;
  let letters = '';
  for (let i = 0; i < 10; i += 1) {
    letters = alphabet.charAt(rest % 32) + letters;
    rest = Math.floor(rest / 32);
  }
  return letters;
}

function randomLetters(count: number): string {
  return lettersOf(pooledBytes(count));
}

function lettersOf(bytes: Uint8Array): string {
  let letters = '';
  for (const byte of bytes) letters += alphabet.charAt(byte & 31);
  return letters;
}

/** Asking the system for each id alone takes longer than all the rest of making it. */
const poolBytes = 4_096;
let pool = Buffer.alloc(0);
let poolAt = 0;

function pooledBytes(count: number): Buffer {
  if (poolAt + count > pool.length) {
    pool = randomBytes(poolBytes);
    poolAt = 0;
  }
  poolAt += count;
  return pool.subarray(poolAt - count, poolAt);
}
