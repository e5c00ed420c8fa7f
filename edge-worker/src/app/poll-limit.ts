import type { Clock } from '@fairgate/shared/clock.ts';
import { limits } from './limits.ts';
import { TwoGenerations } from './two-generations.ts';

export type PollLimit = {
  /** Counts a poll of a ticket's place, and says whether it is one too many in this second. */
  isOver(saleId: string, visitor: string): boolean;
  /** Takes the last count back: whoever answers that poll counts it again. */
  uncount(saleId: string, visitor: string): void;
};

/** In the isolate alone: a browser's connection stays with one, and a poll does no I/O. */
export function pollLimit(clock: Clock): PollLimit {
  const seen = new TwoGenerations<{ second: number; count: number }>(limits.visitorsMax);
  return {
    isOver(saleId, visitor) {
      const key = `${saleId}:${visitor}`;
      const second = Math.floor(clock.now() / 1_000);
      const last = seen.get(key);
      if (last?.second === second) {
        last.count += 1;
        return last.count > limits.pollsPerSecondMax;
      }
      if (last === undefined) {
        seen.set(key, { second, count: 1 });
      } else {
        last.second = second;
        last.count = 1;
      }
      return false;
    },
    uncount(saleId, visitor) {
      const last = seen.get(`${saleId}:${visitor}`);
      if (last !== undefined) last.count -= 1;
    },
  };
}
