import { expect, test } from 'vitest';
import type { CountAnswer } from './door-ports.ts';
import { joinLimit, type Limiter } from './join-limit.ts';

/** A limit of 5 a minute over a gateway that answers as told, and a platform's limiter. */
function limitOver(answer: CountAnswer, limiter?: Limiter) {
  const seen = { counted: 0, noted: 0 };
  const limit = joinLimit({
    gateways: {
      async count() {
        seen.counted += 1;
        return answer;
      },
    },
    notes: {
      suspicious() {
        seen.noted += 1;
      },
    },
    limiter,
    joinsPerMinute: 5,
  });
  return { seen, ask: () => limit.refusedFor('203.0.113.7', () => {}) };
}
const counted = (join: number): CountAnswer => ({ kind: 'counted', totals: { join }, joinMs: 900 });
const limiter = (success: boolean): Limiter => ({ limit: async () => ({ success }) });

test('the counter decides, and says when its window ends', async () => {
  expect(await limitOver(counted(5)).ask()).toBeNull();
  expect(await limitOver(counted(6)).ask()).toBe(1);
});

test('what the platform refuses reaches no store, and is suspicious all the same', async () => {
  const { seen, ask } = limitOver(counted(1), limiter(false));
  expect(await ask()).toBeGreaterThan(0);
  expect(seen).toEqual({ counted: 0, noted: 1 });
});

test('what the platform lets through is counted', async () => {
  expect(await limitOver(counted(6), limiter(true)).ask()).toBe(1);
});

test('a limiter or a counter that fails refuses nobody: the room will say what is wrong', async () => {
  const failing: Limiter = {
    limit: () => Promise.reject(new Error('no limiter')),
  };
  expect(await limitOver(counted(1), failing).ask()).toBeNull();
  expect(await limitOver({ kind: 'unavailable', cause: 'away' }).ask()).toBeNull();
});
