import { expect, test } from 'vitest';
import { etaRange, type Pace } from './eta.ts';

const open: Pace = {
  state: 'open',
  startsAt: 0,
  admitPerMinute: 60,
  admittedPerMinute: 0,
  guaranteeStock: true,
  budget: 1,
  halted: false,
};

test('the soonest wait is at the configured rate, and the range holds it', () => {
  const eta = etaRange(open, 120, 1_000);
  expect(eta?.low).toBe(120);
  expect(eta?.high).toBeGreaterThan(120);
});

test('before the start, the time until then is part of the wait', () => {
  const eta = etaRange({ ...open, state: 'lobby', startsAt: 61_000 }, 0, 1_000);
  expect(eta?.low).toBe(60);
  expect(eta?.high).toBeGreaterThanOrEqual(60);
});

test('a line that moves more slowly than it may makes the latest wait longer', () => {
  const slow = etaRange({ ...open, admittedPerMinute: 6 }, 60, 600_000);
  expect(slow?.low).toBe(60);
  expect(slow?.high).toBeGreaterThanOrEqual(600);
  // In its first minute the sale has no measured rate.
  expect(etaRange({ ...open, admittedPerMinute: 6 }, 60, 30_000)?.high).toBeLessThan(120);
});

test('nothing is promised while nothing moves', () => {
  expect(etaRange({ ...open, admitPerMinute: 0 }, 1, 0)).toBeNull();
  expect(etaRange({ ...open, halted: true }, 1, 0)).toBeNull();
  for (const state of ['paused', 'sold_out', 'closed'] as const) {
    expect(etaRange({ ...open, state }, 1, 0)).toBeNull();
  }
});

test('nothing is promised while every unit is promised to someone', () => {
  for (const state of ['lobby', 'open'] as const) {
    expect(etaRange({ ...open, state, budget: 0 }, 0, 0)).toBeNull();
    expect(etaRange({ ...open, state, budget: 0, guaranteeStock: false }, 0, 0)).not.toBeNull();
  }
});
