import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type PassClaims, parsePassKeys, signPass, verifyPass } from './pass.ts';
import { parseTicketKeys, signTicket } from './ticket.ts';

const set = (...kids: string[]) =>
  JSON.stringify({ keys: kids.map((kid) => ({ kid, k: `${kid}${'k'.repeat(43)}` })) });
const keys = parsePassKeys(set('new', 'old'));
const claims: PassClaims = {
  sale: 'sale_a',
  lane: 'priority',
  jti: randomBytes(12).toString('base64url'),
  iat: 1_000,
  exp: 2_000,
};
const read = (pass: string, sale = 'sale_a', now = 1_500_000) => verifyPass(keys, pass, sale, now);

describe('a pass', () => {
  it('verifies by every key of the set, and by none of another', () => {
    expect(read(signPass(keys, claims))).toEqual({ kind: 'valid', claims });
    expect(read(signPass(parsePassKeys(set('old')), claims)).kind).toBe('valid');
    const stranger = parsePassKeys(JSON.stringify({ keys: [{ kid: 'new', k: 'x'.repeat(43) }] }));
    expect(read(signPass(stranger, claims))).toEqual({ kind: 'invalid', why: 'signature' });
    const unknown = parsePassKeys(set('unknown'));
    expect(read(signPass(unknown, claims))).toEqual({ kind: 'invalid', why: 'key' });
  });

  it('is of one sale, and of its time', () => {
    const pass = signPass(keys, claims);
    expect(read(pass, 'sale_b')).toEqual({ kind: 'other-sale' });
    expect(read(pass, 'sale_a', 1_999_999).kind).toBe('valid');
    expect(read(pass, 'sale_a', 2_000_000)).toEqual({ kind: 'expired' });
  });

  it('is no ticket, and a ticket is no pass, even by the same key', () => {
    const tickets = parseTicketKeys(set('new'));
    const ticket = { sale: 'sale_a', sub: 'v', n: 1, ord: 1, lane: 'priority' as const };
    const shown = signTicket(tickets, { ...ticket, iat: 1_000, exp: 2_000 });
    expect(read(shown)).toEqual({ kind: 'invalid', why: 'header' });
  });

  it('is short enough for a join', () => {
    const sale = `sale_${'0'.repeat(26)}`;
    const long = { ...claims, sale, iat: 1_800_000_000, exp: 1_834_560_000 };
    expect(signPass(keys, long).length).toBeLessThan(400);
  });
});
