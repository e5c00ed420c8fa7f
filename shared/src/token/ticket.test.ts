import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { signHmacJws } from './hmac-jws.ts';
import { parseTicketKeys, signTicket, type TicketClaims, verifyTicket } from './ticket.ts';

const key = (kid: string) => ({ kid, k: randomBytes(32).toString('base64url') });
const older = key('2026-01');
const newer = key('2026-02');
const keys = parseTicketKeys(JSON.stringify({ keys: [newer, older] }));
const claims: TicketClaims = {
  sale: 'sale_a',
  sub: 'visitor',
  n: 7,
  ord: 1,
  lane: 'main',
  iat: 1_000,
  exp: 2_000,
};
const now = 1_500_000;

function forged(header: object, body: object, signature = 'AAAA'): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part(header)}.${part(body)}.${signature}`;
}

describe('a ticket', () => {
  it('verifies with every key of the set, and is signed with the first', () => {
    const byOlder = parseTicketKeys(JSON.stringify({ keys: [older] }));
    expect(verifyTicket(keys, signTicket(byOlder, claims), now)).toEqual({ kind: 'valid', claims });
    const fresh = signTicket(keys, claims);
    expect(verifyTicket(keys, fresh, now)).toEqual({ kind: 'valid', claims });
    expect(verifyTicket(byOlder, fresh, now)).toEqual({ kind: 'invalid', why: 'key' });
  });

  it('is told apart when it has expired', () => {
    const ticket = signTicket(keys, claims);
    expect(verifyTicket(keys, ticket, 1_999_999).kind).toBe('valid');
    expect(verifyTicket(keys, ticket, 2_000_000).kind).toBe('expired');
  });

  it.each([
    [
      'alg none',
      forged({ alg: 'none', typ: 'ticket+jwt', kid: '2026-02' }, claims, 'AAAA'),
      'header',
    ],
    ['another type', forged({ alg: 'HS256', typ: 'JWT', kid: '2026-02' }, claims), 'header'],
    [
      'a critical extension',
      forged({ alg: 'HS256', typ: 'ticket+jwt', kid: '2026-02', crit: ['x'], x: 1 }, claims),
      'header',
    ],
    ['no kid', forged({ alg: 'HS256', typ: 'ticket+jwt' }, claims), 'header'],
    ['an unknown kid', forged({ alg: 'HS256', typ: 'ticket+jwt', kid: 'x' }, claims), 'key'],
    [
      'a made-up signature',
      forged({ alg: 'HS256', typ: 'ticket+jwt', kid: '2026-02' }, claims),
      'signature',
    ],
    ['no dots', 'abc', 'form'],
    ['a fourth part', 'a.b.c.d', 'form'],
    ['great length', 'a'.repeat(2_000), 'form'],
    ['letters that are not of its alphabet', '%%%.%%%.%%%', 'form'],
    ['nonsense', 'abc.abc.abc', 'header'],
  ])('is refused with %s', (_, ticket, why) => {
    expect(verifyTicket(keys, ticket, now)).toEqual({ kind: 'invalid', why });
  });

  it('is refused when any one letter of its payload was changed', () => {
    const ticket = signTicket(keys, claims);
    const [head = '', body = '', signature = ''] = ticket.split('.');
    for (let i = 0; i < body.length; i += 1) {
      const letter = body[i] === 'A' ? 'B' : 'A';
      const changed = `${head}.${body.slice(0, i)}${letter}${body.slice(i + 1)}.${signature}`;
      expect(verifyTicket(keys, changed, now).kind).toBe('invalid');
    }
  });

  it.each<[string, object]>([
    ['no sale', { sale: undefined }],
    ['a visitor that is no text', { sub: 7 }],
    ['a number below 0', { n: -1 }],
    ['half a number', { n: 1.5 }],
    ['a number as text', { n: '7' }],
    ['no ordinal', { ord: 0 }],
    ['another lane', { lane: 'third' }],
    ['no time of issue', { iat: null }],
    ['no expiry', { exp: undefined }],
    ['an expiry that is no whole number', { exp: 2_000.5 }],
    ['an empty thumbprint', { jkt: '' }],
    ['a long thumbprint', { jkt: 'x'.repeat(65) }],
    ['another mark of a login', { idn: true }],
  ])('is refused with %s, though it is signed', (_, wrong) => {
    const signed = signHmacJws(keys, { ...claims, ...wrong });
    expect(verifyTicket(keys, signed, now)).toEqual({ kind: 'invalid', why: 'claims' });
  });

  it.each<[string, object]>([
    ['a list', []],
    ['a text', Object('sale')],
  ])('is refused with %s for its claims', (_, payload) => {
    const signed = signHmacJws(keys, payload);
    expect(verifyTicket(keys, signed, now)).toEqual({ kind: 'invalid', why: 'claims' });
  });

  it('keeps the key and the login that it names', () => {
    const whole: TicketClaims = { ...claims, lane: 'priority', jkt: 'x'.repeat(43), idn: 1 };
    const verdict = verifyTicket(keys, signTicket(keys, whole), now);
    expect(verdict).toEqual({ kind: 'valid', claims: whole });
  });

  it('cannot be made by a set in which a kid names two keys', () => {
    expect(() => parseTicketKeys(JSON.stringify({ keys: [newer, key('2026-02')] }))).toThrow();
  });

  it('cannot be made with a short key', () => {
    const short = { keys: [{ kid: 'a', k: randomBytes(16).toString('base64url') }] };
    expect(() => parseTicketKeys(JSON.stringify(short))).toThrow();
  });
});
