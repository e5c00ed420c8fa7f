import type { Clock } from '@fairgate/shared/clock.ts';

/** Some 150 bytes each. Beyond that the network that was counted first is forgotten. */
const networksMax = 50_000;
const minuteMs = 60_000;

export type Pressure = {
  /** Counts one more of a network; how many there were in the last minute. */
  count(network: string): number;
};

/**
 * How often each network asked in the last minute: what was counted in this whole minute, and of
 * the one before the share that the last 60 seconds reach into. In memory, since one network is
 * counted by one gateway; a gateway that is evicted begins anew.
 */
export function networkPressure(clock: Clock): Pressure {
  let minute = 0;
  let now = new Map<string, number>();
  let before = new Map<string, number>();
  return {
    count(network) {
      const nowMs = clock.now();
      const current = Math.floor(nowMs / minuteMs);
      if (current !== minute) {
        before = current === minute + 1 ? now : new Map();
        now = new Map();
        minute = current;
      }
      const count = (now.get(network) ?? 0) + 1;
      now.set(network, count);
      if (now.size > networksMax) now.delete(now.keys().next().value ?? '');
      const shareLeft = 1 - (nowMs % minuteMs) / minuteMs;
      return count + Math.floor((before.get(network) ?? 0) * shareLeft);
    },
  };
}
