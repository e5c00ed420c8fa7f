import { expect, test } from 'vitest';
import { triesFor, triesMax, triesMin } from './difficulty.ts';

test('a calm network has the least to do, and a pressing one more, up to a bound', () => {
  expect([0, 1, 20].map(triesFor)).toEqual([triesMin, triesMin, triesMin]);
  expect(triesFor(40)).toBe(2 * triesMin);
  expect([160, 1_000, 1e9].map(triesFor)).toEqual([triesMax, triesMax, triesMax]);
});

test('nobody has less to do for pressing more', () => {
  let before = 0;
  for (let perMinute = 0; perMinute < 300; perMinute += 1) {
    const tries = triesFor(perMinute);
    expect(tries).toBeGreaterThanOrEqual(before);
    before = tries;
  }
});
