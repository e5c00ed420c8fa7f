import { expect, it } from 'vitest';
import { measuredCapacity } from './capacity.ts';
import { minuteCount } from './minute-count.ts';

function atWork() {
  let now = 1_000_000;
  const capacity = measuredCapacity(() => now);
  return {
    capacity,
    /** A batch that ends `afterMs` after the last one. */
    batch(size: number, ms: number, afterMs = ms) {
      now += afterMs;
      capacity.batch(size, ms / 1_000);
    },
    pass: (ms: number) => {
      now += ms;
    },
  };
}

it('is not told before 200 claims were made in batches of a crowd', () => {
  const { capacity, batch } = atWork();
  for (let i = 0; i < 100; i += 1) batch(3, 5);
  for (let i = 0; i < 19; i += 1) batch(10, 50);
  expect(capacity.perSecond()).toBeNull();
  batch(10, 50);
  expect(capacity.perSecond()).toBe(200);
});

it('counts the time of two batches at once once', () => {
  const { capacity, batch } = atWork();
  batch(50, 100);
  for (let i = 0; i < 3; i += 1) batch(50, 100, 50);
  expect(capacity.perSecond()).toBe(800);
});

it('is the best of the last hour, and the last one where that has none', () => {
  const { capacity, batch, pass } = atWork();
  const crowd = (ms: number) => {
    pass(6_000);
    for (let i = 0; i < 4; i += 1) batch(50, ms);
  };
  crowd(100);
  crowd(50);
  crowd(100);
  expect(capacity.perSecond()).toBe(1_000);
  pass(3_600_000);
  expect(capacity.perSecond()).toBe(1_000);
  crowd(100);
  expect(capacity.perSecond()).toBe(500);
});

it('begins anew after a pause', () => {
  const { capacity, batch, pass } = atWork();
  batch(150, 1_000);
  pass(5_001);
  batch(50, 1);
  expect(capacity.perSecond()).toBeNull();
});

it('what happened within a minute is counted, and forgotten after it', () => {
  let now = 0;
  const errors = minuteCount(() => now);
  errors.note();
  now = 30_000;
  errors.note();
  errors.note();
  expect(errors.total()).toBe(3);
  now = 60_000;
  expect(errors.total()).toBe(2);
  now = 200_000;
  expect(errors.total()).toBe(0);
});
