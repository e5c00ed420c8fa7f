import type { DoorGateways } from './door-ports.ts';
import type { Notes } from './notes.ts';
import type { Keep } from './ports.ts';

/** The platform's own limiter (`[[ratelimits]]`), by location; plain workerd has none. */
export type Limiter = { limit(of: { key: string }): Promise<{ success: boolean }> };

export type JoinLimit = {
  /** Counts an attempt; null where it may go on, or the seconds until it may. */
  refusedFor(network: string, keep: Keep): Promise<number | null>;
};

export type JoinLimitParts = {
  gateways: Pick<DoorGateways, 'count'>;
  notes: Pick<Notes, 'suspicious'>;
  limiter: Limiter | undefined;
  joinsPerMinute: number;
};

/** The limiter knows no more than that it was a minute at most. */
const limiterSeconds = 10;

/** The limiter first, which costs nothing; then the counter in Redis, which holds everywhere. */
export function joinLimit({ gateways, notes, limiter, joinsPerMinute }: JoinLimitParts): JoinLimit {
  return {
    async refusedFor(network, keep) {
      // The limiter's own failure is no reason to refuse anybody.
      const first = await limiter?.limit({ key: network }).catch(() => undefined);
      if (first?.success === false) {
        notes.suspicious(network, 'join', keep);
        return limiterSeconds;
      }
      const answer = await gateways.count(network, { join: 1 });
      // The room cannot be reached either, and the join will say so.
      if (answer.kind === 'unavailable') return null;
      if ((answer.totals.join ?? 0) <= joinsPerMinute) return null;
      return Math.max(1, Math.ceil(answer.joinMs / 1_000));
    },
  };
}
