import { parseBanList } from '@fairgate/shared/bans/ban.ts';
import type { Clock } from '@fairgate/shared/clock.ts';
import { type BanMatcher, compileBans } from '../domain/ban-matcher.ts';
import type { DoorGateways } from './door-ports.ts';
import { limits } from './limits.ts';
import type { Keep } from './ports.ts';

export type HeldBans = {
  /** The bans that hold; a promise only where the list that is held is too old to go by. */
  matcher(keep: Keep): BanMatcher | Promise<BanMatcher>;
};

/**
 * The list of bans, held by the isolate and compiled once. One request a second fetches the next
 * one, and waits for it only where the last one is too old; while no gateway answers, or Redis was
 * emptied, the last list holds.
 */
export function heldBans(gateways: Pick<DoorGateways, 'bans'>, clock: Clock): HeldBans {
  let version = 0;
  let held = compileBans([]);
  /** When a gateway last said that this is the list. */
  let confirmedAtMs = Number.NEGATIVE_INFINITY;
  let failedAtMs = Number.NEGATIVE_INFINITY;
  let fetchSinceMs = 0;

  const fetch = async (): Promise<BanMatcher> => {
    const startedAtMs = clock.now();
    fetchSinceMs = startedAtMs;
    const answer = await gateways.bans(version);
    fetchSinceMs = 0;
    if (answer.kind === 'unavailable') {
      failedAtMs = clock.now();
      return held;
    }
    if (answer.kind === 'list') {
      const list = parseBanList(answer.text);
      if (list.version > version) {
        version = list.version;
        held = compileBans(list.bans);
      }
    }
    confirmedAtMs = Math.max(confirmedAtMs, startedAtMs);
    return held;
  };

  return {
    matcher(keep) {
      const now = clock.now();
      const age = now - confirmedAtMs;
      if (age < limits.bansRefreshMs || now - failedAtMs < limits.failurePauseMs) return held;
      // While no gateway answers nobody waits for one: the last list holds.
      const isFailing = failedAtMs > confirmedAtMs;
      if (age > limits.bansAgeMsMax && !isFailing) return fetch();
      const isFetching = fetchSinceMs > 0 && now - fetchSinceMs < limits.fetchMsMax;
      if (!isFetching) keep(fetch().then(() => undefined));
      return held;
    },
  };
}
