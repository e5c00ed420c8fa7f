import { describe, expect, it } from 'vitest';
import { nextTry, retryAfterOf, retryDelaysMs } from './webhook-retries.ts';

const now = Date.parse('2030-06-01T12:00:00Z');
const plain = { now, random: 0, retryAfterSeconds: null };

describe('a delivery that failed', () => {
  it('is tried for three days, ten times in all', () => {
    const days = retryDelaysMs.reduce((sum, ms) => sum + ms, 0) / 86_400_000;
    expect(days).toBeGreaterThan(3);
    expect(days).toBeLessThan(3.5);
    expect(nextTry(1, plain)).toBe(now + 5_000);
    expect(nextTry(9, plain)).toBe(now + 86_400_000);
    expect(nextTry(10, plain)).toBeNull();
  });

  it('is put off by up to a tenth, so that not all of them come back together', () => {
    expect(nextTry(2, { ...plain, random: 0.999 })).toBeCloseTo(now + 330_000, -3);
  });

  it('waits as its receiver asks, a day at most, and is never brought on by it', () => {
    expect(nextTry(1, { ...plain, retryAfterSeconds: 60 })).toBe(now + 60_000);
    expect(nextTry(2, { ...plain, retryAfterSeconds: 1 })).toBe(now + 300_000);
    expect(nextTry(1, { ...plain, retryAfterSeconds: 999_999_999 })).toBe(now + 86_400_000);
  });
});

it('Retry-After is seconds or a date; anything else says nothing', () => {
  expect(retryAfterOf('120', now)).toBe(120);
  expect(retryAfterOf('Sat, 01 Jun 2030 12:01:00 GMT', now)).toBe(60);
  expect(retryAfterOf('Sat, 01 Jun 2030 11:00:00 GMT', now)).toBe(0);
  expect(retryAfterOf('soon', now)).toBeNull();
  expect(retryAfterOf(undefined, now)).toBeNull();
});
