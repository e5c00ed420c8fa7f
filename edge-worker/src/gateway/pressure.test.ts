import { expect, test } from 'vitest';
import { networkPressure } from './pressure.ts';

function counting() {
  const clock = { ms: 1_764_000_000_000 - (1_764_000_000_000 % 60_000), now: () => clock.ms };
  return { clock, pressure: networkPressure(clock) };
}

test('each network is counted by itself', () => {
  const { pressure } = counting();
  expect([1, 2, 3].map(() => pressure.count('203.0.113.0/24'))).toEqual([1, 2, 3]);
  expect(pressure.count('203.0.112.0/24')).toBe(1);
});

test('what is older than a minute fades, and is gone after two', () => {
  const { clock, pressure } = counting();
  for (let i = 0; i < 100; i += 1) pressure.count('a');
  clock.ms += 60_000;
  expect(pressure.count('a')).toBe(101);
  clock.ms += 30_000;
  expect(pressure.count('a')).toBe(52);
  clock.ms += 29_999;
  expect(pressure.count('a')).toBe(3);
  clock.ms += 1;
  expect(pressure.count('a')).toBe(4);
  clock.ms += 120_000;
  expect(pressure.count('a')).toBe(1);
});

test('from ever new networks it holds no more than its bound', () => {
  const { pressure } = counting();
  for (let i = 0; i < 50_001; i += 1) pressure.count(`${i}`);
  expect(pressure.count('50000')).toBe(2);
  expect(pressure.count('0')).toBe(1);
});
