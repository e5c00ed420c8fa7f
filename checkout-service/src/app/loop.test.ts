import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { startLoop } from './loop.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** How often a loop that fails each time comes in 21 s, every 700 ms if nothing keeps it. */
async function roundsWhileFailing(steady: boolean): Promise<number> {
  let rounds = 0;
  const loop = startLoop({
    name: 'test',
    everyMs: 700,
    steady,
    log: { info() {}, warn() {}, error() {} },
    metrics: { loopFailed() {} },
    async round() {
      rounds += 1;
      throw new Error('made so');
    },
  });
  await vi.advanceTimersByTimeAsync(21_000);
  await loop.stop();
  return rounds;
}

it('a loop that fails comes less often', async () => {
  expect(await roundsWhileFailing(false)).toBeLessThan(13);
});

it('the loop of the lease comes as often, whatever fails', async () => {
  expect(await roundsWhileFailing(true)).toBeGreaterThanOrEqual(30);
});
