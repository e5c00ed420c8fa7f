import type { Clock } from '@fairgate/shared/clock.ts';
import { createLocalJWKSet, type JSONWebKeySet } from 'jose';
import { limits } from './limits.ts';
import { TwoGenerations } from './two-generations.ts';

export type KeySet = ReturnType<typeof createLocalJWKSet>;

export type KeySets = {
  /**
   * The key set at an address; null where none can be had. `isUnknownKey`: the one that is held
   * lacks a key, so a newer one is fetched, if it is not that fresh.
   */
  find(url: string, isUnknownKey: boolean): Promise<KeySet | null>;
};

type Held = {
  keys: KeySet | null;
  fetchedAtMs: number;
  /** When a request began to fetch it; 0 when none is under way. */
  fetchSinceMs: number;
  failedAtMs: number;
};

export type KeySetParts = {
  /** Rejects when it cannot be had. */
  fetchSet: (url: string) => Promise<JSONWebKeySet>;
  clock: Clock;
  sleep: (ms: number) => Promise<void>;
  log: (where: string, error: unknown) => void;
};

/**
 * Key sets of shops' own logins, held by the isolate. Only results are shared, never promises: a
 * request cannot wait for another request's I/O. So one fetches, and the others go on with the set
 * that is there, or look again in a moment where there is none yet.
 */
export function heldKeySets({ fetchSet, clock, sleep, log }: KeySetParts): KeySets {
  const held = new TwoGenerations<Held>(limits.keySetsMax);

  const refresh = async (url: string, last: Held): Promise<void> => {
    last.fetchSinceMs = clock.now();
    try {
      last.keys = createLocalJWKSet(await fetchSet(url));
      last.fetchedAtMs = clock.now();
      last.failedAtMs = 0;
    } catch (error) {
      last.failedAtMs = clock.now();
      log('identity-keys', error);
    }
    last.fetchSinceMs = 0;
  };

  return {
    async find(url, isUnknownKey) {
      const last = held.get(url) ?? { keys: null, fetchedAtMs: 0, fetchSinceMs: 0, failedAtMs: 0 };
      held.set(url, last);
      const freshMs = isUnknownKey ? limits.keySetAgainMs : limits.keySetFreshMs;
      if (clock.now() - last.fetchedAtMs > freshMs && mayFetch(last, clock.now())) {
        await refresh(url, last);
      }
      while (last.keys === null && isFetching(last, clock.now())) await sleep(limits.keySetLookMs);
      return clock.now() - last.fetchedAtMs > limits.keySetStaleMs ? null : last.keys;
    },
  };
}

function isFetching(last: Held, now: number): boolean {
  return last.fetchSinceMs > 0 && now - last.fetchSinceMs < limits.keySetFetchMsMax;
}

function mayFetch(last: Held, now: number): boolean {
  return !isFetching(last, now) && now - last.failedAtMs >= limits.keySetPauseMs;
}
