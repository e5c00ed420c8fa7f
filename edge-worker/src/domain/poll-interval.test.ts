import fc from 'fast-check';
import { expect, test } from 'vitest';
import { pollAfterSeconds } from './poll-interval.ts';

const waiting = {
  state: 'waiting',
  ahead: 50,
  isEndNear: false,
  abandonSeconds: 120,
  tokenSeconds: 120,
} as const;

test('near the front polls are 2 s apart, far back half a minute', () => {
  expect(pollAfterSeconds({ ...waiting, eta: { low: 0, high: 3 } }, 0.5)).toBe(2);
  expect(pollAfterSeconds({ ...waiting, eta: { low: 40, high: 40 } }, 0.5)).toBe(10);
  expect(pollAfterSeconds({ ...waiting, eta: { low: 5_000, high: 9_000 } }, 0.5)).toBe(30);
});

test('shoppers who stand together do not poll in step', () => {
  const eta = { low: 80, high: 80 };
  const seconds = [0, 0.25, 0.5, 0.75, 0.99].map((random) =>
    pollAfterSeconds({ ...waiting, eta }, random),
  );
  expect(seconds).toEqual([16, 18, 20, 22, 24]);
});

test('a standstill is asked after more slowly', () => {
  expect(pollAfterSeconds({ ...waiting, eta: null }, 0.5)).toBe(10);
});

test('near the end, and in a standstill, those far back ask half as often again, and no more', () => {
  const eta = { low: 5_000, high: 9_000 };
  expect(pollAfterSeconds({ ...waiting, ahead: 90_000, eta, isEndNear: true }, 0.5)).toBe(20);
  expect(pollAfterSeconds({ ...waiting, ahead: 90_000, eta: null }, 0.5)).toBe(20);
});

test('polls are whole seconds, at least three within abandonSeconds', () => {
  const eta = fc.option(
    fc.nat(100_000).map((low) => ({ low, high: low * 2 })),
    { nil: null },
  );
  const seconds = fc.integer({ min: 5, max: 3_600 });
  const random01 = fc.double({ min: 0, max: 0.999, noNaN: true });
  fc.assert(
    fc.property(eta, seconds, seconds, random01, (...given) => {
      const [range, abandonSeconds, tokenSeconds, random] = given;
      const question = { ...waiting, eta: range, abandonSeconds, tokenSeconds } as const;
      const after = pollAfterSeconds(question, random);
      expect(Number.isInteger(after)).toBe(true);
      expect(after).toBeGreaterThanOrEqual(1);
      expect(after * 3).toBeLessThanOrEqual(abandonSeconds);
      expect(after).toBeLessThanOrEqual(36);
    }),
  );
});
