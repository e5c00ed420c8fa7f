import { aheadOf, parseSnapshot } from '@fairgate/shared/room/snapshot.ts';
import { describe, expect, it } from 'vitest';
import { isSoldOut, scoreAt, soonUpTo, usefulUntil } from './telling.ts';

const now = Date.parse('2030-06-01T12:00:00Z');
/** 2,000 numbers; the first 100 were let in, and every second of the others is gone. */
const standing = Array.from({ length: 950 }, (_, i) => 101 + 2 * i);
const head = standing.slice(0, 500).map((score, i) => score - (standing[i - 1] ?? 0));
const breaks = [600, 700, 800, 949].map((rank) => `${standing[rank]}:${rank}`);
const wire = {
  ...{ asOf: now, state: 'open', message: '', frontier: 100, waiting: 950, last: 2_000 },
  ...{ head: head.join(','), breaks: breaks.join(','), stock: 'prod_a=9:0:0' },
  ...{ admitPerMinute: 60, admittedPerMinute: 30, unitsLeft: 9, unitsHeld: 0, budget: 5_000 },
  ...{ guaranteeStock: true, startsAt: now - 600_000, endsAt: 0, abandonSeconds: 120 },
  tokenSeconds: 120,
  info: JSON.stringify({
    ...{ id: 'sale_a', name: 'A', mode: 'fifo', startsAt: '2030-06-01T11:50:00Z', endsAt: null },
    products: [],
  }),
};
const snapshot = (changes: object = {}) => parseSnapshot(JSON.stringify({ ...wire, ...changes }));
/** How many of the line would be told. */
const told = (changes: object = {}) => {
  const shown = snapshot(changes);
  const upTo = soonUpTo(shown, 'main', now);
  return upTo === null ? 0 : standing.filter((score) => score <= upTo).length;
};

describe('whose turn is soon', () => {
  it('are as many as three minutes let in at the pace of the last one', () => {
    expect(told()).toBe(90);
    expect(told({ admittedPerMinute: 60 })).toBe(180);
  });

  it('is by the rate that is set before anything was measured', () => {
    expect(told({ startsAt: now - 10_000, admittedPerMinute: 0 })).toBe(180);
    expect(told({ state: 'lobby', startsAt: now + 120_000 })).toBe(60);
    expect(told({ state: 'lobby', startsAt: now + 600_000 })).toBe(0);
  });

  it('is nobody while nobody is let in', () => {
    for (const state of ['paused', 'sold_out', 'closed']) expect(told({ state })).toBe(0);
    for (const more of [{ halted: true }, { budget: 0 }, { admittedPerMinute: 0 }]) {
      expect(told(more)).toBe(0);
    }
    const undrawn = JSON.stringify({ ...JSON.parse(wire.info), mode: 'lottery' });
    expect(told({ info: undrawn })).toBe(0);
  });

  it('are no more than there are units for', () => {
    expect(told({ budget: 7 })).toBe(7);
    expect(told({ budget: 7, guaranteeStock: false })).toBe(90);
  });

  it('is told by the share of the lane where another waits too', () => {
    const priority = { frontier: 0, waiting: 5, head: '1', breaks: '', share: 0.5 };
    expect(told({ priority })).toBe(45);
  });
});

it('the score that so many stand ahead of is the reverse of how many stand ahead of it', () => {
  const { positions } = snapshot().lanes.main;
  for (const ahead of [0, 1, 250, 499, 500, 550, 600, 777, 948]) {
    expect(Math.abs(aheadOf(positions, scoreAt(positions, ahead)) - ahead)).toBeLessThanOrEqual(1);
  }
  // Whoever came after the snapshot stands behind all in it.
  expect(scoreAt(positions, 949)).toBe(2_000);
  expect(scoreAt(positions, 959)).toBe(2_010);
});

it('everything is sold when nothing can come back, also in a sale that is over', () => {
  expect(isSoldOut(snapshot({ state: 'sold_out' }))).toBe(true);
  const none = { unitsLeft: 0, unitsHeld: 0 };
  expect(isSoldOut(snapshot({ state: 'closed', ...none }))).toBe(true);
  expect(isSoldOut(snapshot({ state: 'closed', unitsLeft: 0, unitsHeld: 1 }))).toBe(false);
  expect(isSoldOut(snapshot({ state: 'open', ...none }))).toBe(false);
});

it('a turn is worth being told until its deadline', () => {
  expect(usefulUntil('your-turn', now, now + 5)).toBe(now + 5);
  expect(usefulUntil('soon', now, 0)).toBe(now + 600_000);
});
