import { createHash, randomBytes } from 'node:crypto';
import { newId } from '@fairgate/shared/ids.ts';
import { expect, test } from 'vitest';
import { type AltchaChallenge, altchaSeconds, issueAltcha, judgeAltcha } from './altcha.ts';

const key = randomBytes(32);
const saleId = newId('sale');
const nowMs = 1_764_000_000_000;
const issued = () => issueAltcha(key, { saleId, tries: 500, nowMs });

const hash = (text: string) => createHash('sha256').update(text).digest('hex');

/** By trying, as a browser has to. */
function solved({ maxnumber, ...challenge }: AltchaChallenge) {
  for (let number = 0; number <= maxnumber; number += 1) {
    if (hash(`${challenge.salt}${number}`) === challenge.challenge) return { ...challenge, number };
  }
  throw new Error('there is no solution');
}
const base64 = (solution: object) => Buffer.from(JSON.stringify(solution)).toString('base64');
const kindOf = (solution: string | object, at = nowMs, sale = saleId) =>
  judgeAltcha(key, solution, { saleId: sale, nowMs: at }).kind;

test('a solved challenge is taken as an object, and as base64 of its JSON', () => {
  const solution = solved(issued());
  const verdict = judgeAltcha(key, solution, { saleId, nowMs });
  expect(verdict).toMatchObject({ kind: 'solved', expiresAtMs: nowMs + altchaSeconds * 1_000 });
  expect(judgeAltcha(key, base64(solution), { saleId, nowMs })).toEqual(verdict);
  expect(judgeAltcha(key, solved(issued()), { saleId, nowMs })).not.toEqual(verdict);
});

// Made by altcha-lib 2.8.0/v1: createChallenge({hmacKey, salt, number: 4321, maxnumber: 50000}).
test('what the published library makes and signs is what is made and taken here', () => {
  const theirs = {
    algorithm: 'SHA-256',
    challenge: '94ba1eb759ba5ff192ef24839a1977070d6f9be6ebc7ed166b67a19cbe812fee',
    salt: '00112233445566778899aabb?expires=1800000000&sale=sale_01jdzzzzzzzzzzzzzzzzzzzzzz&',
    signature: 'e49d7805c5008312cfb4688269c32096fca2cb02ebb5510a5f0fbcff4ec40898',
    number: 4_321,
  };
  const theirKey = Buffer.from('0123456789abcdef0123456789abcdef');
  const question = { saleId: 'sale_01jdzzzzzzzzzzzzzzzzzzzzzz', nowMs };
  expect(judgeAltcha(theirKey, theirs, question)).toEqual({
    kind: 'solved',
    id: 'ABEiM0RVZneImaq7',
    expiresAtMs: 1_800_000_000_000,
  });
});

test('it lives for its time and no longer, and in its sale alone', () => {
  const solution = solved(issued());
  expect(kindOf(solution, nowMs + altchaSeconds * 1_000 - 1)).toBe('solved');
  expect(kindOf(solution, nowMs + altchaSeconds * 1_000)).toBe('expired');
  expect(kindOf(solution, nowMs, newId('sale'))).toBe('other-sale');
});

test('another number, key, expiry or sale than what was signed is refused', () => {
  const solution = solved(issued());
  expect(kindOf({ ...solution, number: solution.number + 1 })).toBe('not-solved');
  expect(kindOf(solved(issueAltcha(randomBytes(32), { saleId, tries: 9, nowMs })))).toBe('forged');
  const later = solution.salt.replace(/expires=\d+/, 'expires=9999999999');
  expect(kindOf({ ...solution, salt: later })).toBe('not-solved');
  const own = hash(`${later}1`);
  expect(kindOf({ ...solution, salt: later, number: 1, challenge: own })).toBe('forged');
});

test('digits of the number are not taken for those of a parameter', () => {
  const { salt, number, ...rest } = solved(issued());
  const digits = String(number);
  const spliced = {
    ...rest,
    salt: `${salt}${digits.slice(0, 1)}`,
    number: Number(digits.slice(1)),
  };
  expect(hash(`${spliced.salt}${digits.slice(1)}`)).toBe(rest.challenge);
  expect(kindOf(spliced)).toBe('malformed');
});

test('nonsense is refused', () => {
  const solution = solved(issued());
  for (const bad of [
    '',
    'solved',
    base64([]),
    'null',
    {},
    { ...solution, algorithm: 'SHA-1' },
    { ...solution, number: `${solution.number}` },
    { ...solution, signature: '' },
    { ...solution, salt: solution.salt.slice(0, 24) },
  ]) {
    expect(kindOf(bad)).toBe('malformed');
  }
});
