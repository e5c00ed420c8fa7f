import { expect, test } from 'vitest';
import { outlookOf } from './outlook.ts';

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
