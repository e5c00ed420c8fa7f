import { expect, test } from 'vitest';
import { TwoGenerations } from './two-generations.ts';

test('it holds the latest entries, and never more than twice its size', () => {
  const map = new TwoGenerations<number>(10);
  for (let i = 0; i < 95; i += 1) map.set(`${i}`, i);
  const held = Array.from({ length: 95 }, (_, i) => map.get(`${i}`)).filter(
    (it) => it !== undefined,
  );
  expect(held.length).toBeLessThanOrEqual(20);
  expect(held).toContain(94);
  expect(held).toContain(85);
  map.delete('94');
  expect(map.get('94')).toBeUndefined();
});

test('setting an entry again forgets nothing', () => {
  const map = new TwoGenerations<number>(2);
  map.set('a', 1);
  map.set('b', 1);
  for (let i = 0; i < 5; i += 1) map.set('b', i);
  expect([map.get('a'), map.get('b')]).toEqual([1, 4]);
});
