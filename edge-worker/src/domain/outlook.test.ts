import { expect, test } from 'vitest';
import { isEndNear, outlookOf } from './outlook.ts';

const supply = {
  state: 'open',
  unitsLeft: 7,
  unitsHeld: 2,
  budget: 5,
  guaranteeStock: true,
} as const;

test('it is likely for as many as there are units promised to nobody', () => {
  expect(outlookOf(supply, 4, false)).toEqual({ kind: 'likely', unitsLeft: 7, unitsHeld: 2 });
  expect(outlookOf(supply, 5, false).kind).toBe('unlikely');
  expect(outlookOf({ ...supply, guaranteeStock: false }, 6, false).kind).toBe('likely');
});

test('everybody is told at once that everything is sold', () => {
  const sold = { ...supply, state: 'sold_out', unitsLeft: 0, unitsHeld: 0, budget: 0 } as const;
  expect(outlookOf(sold, 0, false)).toEqual({ kind: 'sold_out', unitsLeft: 0, unitsHeld: 0 });
});

test('who is let in can still buy', () => {
  expect(outlookOf({ ...supply, budget: 0 }, 0, true).kind).toBe('likely');
});

test('the share of those who buy makes units reach further', () => {
  // Of 7 units 2 are promised; half of them and half of the admissions to come leave theirs.
  expect(outlookOf({ ...supply, buyShare: 0.5 }, 11, false).kind).toBe('likely');
  expect(outlookOf({ ...supply, buyShare: 0.5 }, 12, false).kind).toBe('unlikely');
  expect(outlookOf({ ...supply, buyShare: 2 }, 3, false).kind).toBe('unlikely');
});

test('with units in hands alone, the next in line may get what comes back', () => {
  const hands = { ...supply, budget: 0, unitsLeft: 3 };
  expect(outlookOf({ ...hands, buyShare: 0.5 }, 0, false).kind).toBe('likely');
  expect(outlookOf(hands, 0, false)).toEqual({ kind: 'unlikely', unitsLeft: 3, unitsHeld: 2 });
});

test('the end is near when what is left goes within a minute to a part of those who wait', () => {
  const crowd = { ...supply, waiting: 1_000, admittedPerMinute: 60 };
  expect(isEndNear(crowd)).toBe(true);
  expect(isEndNear({ ...crowd, unitsLeft: 700, budget: 700 })).toBe(false);
  expect(isEndNear({ ...crowd, waiting: 8 })).toBe(false);
  expect(isEndNear({ ...crowd, state: 'paused' })).toBe(false);
});
