import type { Clock } from '@fairgate/shared/clock.ts';
import { parseSnapshot, type RoomSnapshot } from '@fairgate/shared/room/snapshot.ts';
import { limits } from './limits.ts';
import type { Gateways, SnapshotAnswer } from './ports.ts';
import { TwoGenerations } from './two-generations.ts';

export type SnapshotFound =
  | { kind: 'found'; snapshot: RoomSnapshot; isStale: boolean }
  | { kind: 'unknown' }
  | { kind: 'unavailable' };

export type Snapshots = {
  /** `who` asks decides how long an emptied Redis is waited for. */
  find(saleId: string, who: 'sale' | 'ticket'): Promise<SnapshotFound> | SnapshotFound;
  /** Whether an `unknown` from the room is but a Redis that was emptied a moment ago. */
  isComingBack(saleId: string, isEmptied: boolean, who: 'sale' | 'ticket'): boolean;
};

type Held = {
  json: string;
  snapshot: RoomSnapshot;
  /** When the room last confirmed it. */
  receivedAtMs: number;
  /** When a request began to fetch the next one; 0 when none is under way. */
  fetchSinceMs: number;
  failedAtMs: number;
};

/**
 * The last snapshot of each sale, held by the isolate. Only results are shared, never promises:
 * a request cannot wait for another request's I/O. So one request fetches the next snapshot
 * while the others go on with the one that is there.
 */
export function heldSnapshots(gateways: Gateways, clock: Clock): Snapshots {
  const held = new TwoGenerations<Held>(limits.salesMax);
  const unknown = new TwoGenerations<number>(limits.unknownSalesMax);

  const isComingBack = (saleId: string, isEmptied: boolean, who: 'sale' | 'ticket') => {
    const seenAtMs = held.get(saleId)?.receivedAtMs;
    return (
      isEmptied && seenAtMs !== undefined && clock.now() - seenAtMs < limits.emptiedGraceMs[who]
    );
  };

  const fetch = async (saleId: string, who: 'sale' | 'ticket'): Promise<SnapshotFound> => {
    const last = held.get(saleId);
    if (last) last.fetchSinceMs = clock.now();
    const answer = await gateways.snapshot(saleId);
    if (last) last.fetchSinceMs = 0;
    return accept(saleId, who, answer);
  };

  const accept = (
    saleId: string,
    who: 'sale' | 'ticket',
    answer: SnapshotAnswer,
  ): SnapshotFound => {
    const now = clock.now();
    const last = held.get(saleId);
    switch (answer.kind) {
      case 'fresh': {
        const next = heldOf(answer.json, last, now);
        held.set(saleId, next);
        return { kind: 'found', snapshot: next.snapshot, isStale: false };
      }
      case 'unknown':
        if (last && isComingBack(saleId, answer.isEmptied, who)) return failed(last, now);
        if (!answer.isEmptied) held.delete(saleId);
        unknown.set(saleId, now);
        return { kind: 'unknown' };
      case 'stale': {
        const next = last ?? heldOf(answer.json, undefined, now);
        held.set(saleId, next);
        return failed(next, now);
      }
      case 'unavailable':
        return last ? failed(last, now) : { kind: 'unavailable' };
    }
  };

  return {
    isComingBack,
    find(saleId, who) {
      const now = clock.now();
      const last = held.get(saleId);
      if (!last) {
        const unknownAtMs = unknown.get(saleId);
        const isUnknown = unknownAtMs !== undefined && now - unknownAtMs < limits.unknownSaleMs;
        return isUnknown ? { kind: 'unknown' } : fetch(saleId, who);
      }
      switch (useOf(last, now)) {
        case 'fresh':
          return { kind: 'found', snapshot: last.snapshot, isStale: false };
        case 'stale':
          return stale(last, now);
        case 'fetch':
          return fetch(saleId, who);
      }
    },
  };
}

function useOf(last: Held, now: number): 'fresh' | 'stale' | 'fetch' {
  const age = ageMs(last, now);
  if (age <= limits.snapshotRefreshMs) return 'fresh';
  const isFetching = last.fetchSinceMs > 0 && now - last.fetchSinceMs < limits.fetchMsMax;
  if (last.failedAtMs > 0) {
    return isFetching || now - last.failedAtMs < limits.failurePauseMs ? 'stale' : 'fetch';
  }
  return isFetching && age <= limits.snapshotAgeMsMax ? 'fresh' : 'fetch';
}

/** By the room's own time, but no further off than clocks that disagree can make it. */
function ageMs(last: Held, now: number): number {
  const sinceReceived = now - last.receivedAtMs;
  const most = sinceReceived + limits.snapshotAgeOnArrivalMsMax;
  return Math.min(Math.max(now - last.snapshot.asOf, sinceReceived), most);
}

function heldOf(json: string, last: Held | undefined, now: number): Held {
  const snapshot = last?.json === json ? last.snapshot : parseSnapshot(json);
  return { json, snapshot, receivedAtMs: now, fetchSinceMs: 0, failedAtMs: 0 };
}

function failed(last: Held, now: number): SnapshotFound {
  last.failedAtMs = now;
  return stale(last, now);
}

function stale(last: Held, now: number): SnapshotFound {
  if (now - last.receivedAtMs > limits.staleMsMax) return { kind: 'unavailable' };
  return { kind: 'found', snapshot: last.snapshot, isStale: true };
}
