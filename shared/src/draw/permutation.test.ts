import fc from 'fast-check';
import { expect, test } from 'vitest';
import { halfBits, permutation } from './permutation.ts';
import vectors from './permutation-vectors.json' with { type: 'json' };

const key = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((bytes) => Buffer.from(bytes).toString('hex'));
const upTo = (n: number) => Array.from({ length: n }, (_, i) => i + 1);

test('every entrant gets a rank of their own', () => {
  fc.assert(
    fc.property(key, fc.integer({ min: 1, max: 1_500 }), (keyHex, entrants) => {
      const { rankOf } = permutation(keyHex, entrants);
      const ranks = upTo(entrants).map(rankOf);
      expect(ranks.toSorted((a, b) => a - b)).toEqual(upTo(entrants));
    }),
    { numRuns: 30 },
  );
});

test('the number at a rank is the number that has it, for a million entrants too', () => {
  const entrants = fc.oneof(
    fc.integer({ min: 1, max: 40 }),
    fc.integer({ min: 1, max: 1_100_000 }),
  );
  fc.assert(
    fc.property(key, entrants, fc.double({ min: 0, max: 0.999_999, noNaN: true }), (k, n, at) => {
      const { rankOf, numberAt } = permutation(k, n);
      const number = 1 + Math.floor(at * n);
      expect(rankOf(number)).toBeLessThanOrEqual(n);
      expect(numberAt(rankOf(number))).toBe(number);
    }),
    { numRuns: 60 },
  );
});

test('known answers, which another implementation has made', () => {
  for (const { key: keyHex, entrants, ranks, ...expected } of vectors) {
    const { rankOf, tables } = permutation(keyHex, entrants);
    expect(halfBits(entrants)).toBe(expected.halfBits);
    expect([...(tables[0] ?? []).slice(0, 4)]).toEqual(expected.firstTable);
    expect([...(tables[7] ?? []).slice(0, 4)]).toEqual(expected.lastTable);
    for (const [number = 0, rank] of ranks) expect(rankOf(number)).toBe(rank);
  }
});

test('another key is another order, and early numbers have no advantage', () => {
  const meanOfFirst = upTo(400).map((seed) => {
    const { rankOf } = permutation(seed.toString(16).padStart(64, '0'), 100);
    return (rankOf(1) + rankOf(2)) / 2;
  });
  const mean = meanOfFirst.reduce((sum, rank) => sum + rank, 0) / meanOfFirst.length;
  expect(mean).toBeGreaterThan(45);
  expect(mean).toBeLessThan(56);
});

test('who is no entrant has no rank', () => {
  const { rankOf, numberAt } = permutation('ab'.repeat(32), 7);
  for (const wrong of [0, 8, 1.5, Number.NaN]) {
    expect(() => rankOf(wrong)).toThrow(RangeError);
    expect(() => numberAt(wrong)).toThrow(RangeError);
  }
  expect(() => permutation('ab'.repeat(32), 0)).toThrow(RangeError);
  expect(() => permutation('AB'.repeat(32), 7)).toThrow(RangeError);
});
