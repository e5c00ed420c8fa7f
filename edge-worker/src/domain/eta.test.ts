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

test('the soonest wait is at the configured rate, less those who go unseen', () => {
  const eta = etaRange(open, 120, 1_000);
  expect(eta?.low).toBe(113);
  expect(eta?.high).toBeGreaterThan(120);
});

test('before the start, the time until then is part of the wait', () => {
  const eta = etaRange({ ...open, state: 'lobby', startsAt: 61_000 }, 0, 1_000);
  expect(eta?.low).toBe(60);
  expect(eta?.high).toBeGreaterThanOrEqual(60);
});

test('a line that moves more slowly than it may makes the wait longer', () => {
  const pace = { low: 6, high: 6 };
  const slow = etaRange({ ...open, admittedPerMinute: 6, pace }, 60, 600_000);
  expect(slow?.low).toBeGreaterThan(480);
  expect(slow?.low).toBeLessThan(600);
  expect(slow?.high).toBeGreaterThanOrEqual(610);
  // In its first seconds the sale has no measured rate.
  expect(etaRange({ ...open, admittedPerMinute: 6, pace }, 60, 15_000)?.high).toBeLessThan(120);
});

test('the more unsteady the line was, the wider the range', () => {
  const wide = (low: number, high: number) => {
    const pace = { ...open, admittedPerMinute: 30, pace: { low, high } };
    const eta = etaRange(pace, 60, 600_000);
    return (eta?.high ?? 0) - (eta?.low ?? 0);
  };
  expect(wide(30, 30)).toBeLessThan(wide(20, 40));
  expect(wide(20, 40)).toBeLessThan(wide(0, 60));
});

test('a rate that was lowered a moment ago counts at once', () => {
  const lowered = {
    ...open,
    admitPerMinute: 6,
    admittedPerMinute: 60,
    pace: { low: 60, high: 60 },
  };
  expect(etaRange(lowered, 60, 600_000)?.low).toBe(577);
});

test('a lane gets its share of the rate', () => {
  expect(etaRange({ ...open, laneShare: 0.5 }, 60, 1_000)?.low).toBe(115);
});

test('people who are gone when their turn comes make the wait shorter', () => {
  const eta = etaRange({ ...open, absentShare: 0.5 }, 120, 1_000);
  expect(eta?.low).toBeLessThan(60);
  expect(eta?.high).toBeLessThan(120);
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
