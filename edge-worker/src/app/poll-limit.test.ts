import { expect, test } from 'vitest';
import { pollLimit } from './poll-limit.ts';

test('a hundred polls a second of one place are answered, the next is not, and others are', () => {
  const clock = { ms: 5_000, now: () => clock.ms };
  const limit = pollLimit(clock);
  for (let second = 0; second < 3; second += 1) {
    const over = Array.from({ length: 130 }, () => limit.isOver('sale_1', 'a'));
    expect(over.filter(Boolean)).toHaveLength(30);
    expect(over.slice(0, 100)).not.toContain(true);
    expect(limit.isOver('sale_1', 'b')).toBe(false);
    expect(limit.isOver('sale_2', 'a')).toBe(false);
    clock.ms += 1_000;
  }
});
