import type { Clock } from '@fairgate/shared/clock.ts';
import { parseSnapshot } from '@fairgate/shared/room/snapshot.ts';
import type { IdentitySetting, PublicSale } from '@fairgate/shared/sale.ts';
import { publicSale } from '../domain/public-sale.ts';
import { limits } from './limits.ts';
import type { NearList, NearLists } from './near-lists.ts';
import type { Refused } from './outcomes.ts';
import type { Gateways, Keep } from './ports.ts';
import type { Snapshots } from './snapshots.ts';
import { TwoGenerations } from './two-generations.ts';

export type SaleList = { items: PublicSale[]; nextCursor: string | null };
export type SaleOutcome =
  | { kind: 'sale'; sale: PublicSale; login: IdentitySetting | undefined; isStale: boolean }
  | Refused;
export type SaleListOutcome =
  | { kind: 'sales'; list: SaleList }
  | { kind: 'bad-cursor' }
  | { kind: 'unavailable' };

export type Sales = {
  one(saleId: string): Promise<SaleOutcome>;
  /** Newest start first. */
  list(cursor: string | null, limit: number, keep: Keep): Promise<SaleListOutcome>;
};

type Dependencies = {
  gateways: Pick<Gateways, 'catalogue'>;
  snapshots: Pick<Snapshots, 'find'>;
  near: NearLists;
  clock: Clock;
  /** From 0 to below 1. */
  random: () => number;
};

type HeldList = {
  list: SaleList;
  /** When the room gave it. */
  atMs: number;
  /** When a request began to fetch the next one; 0 when none is under way. */
  fetchSinceMs: number;
  failedAtMs: number;
};

/**
 * What everybody may see of the sales. A page of the list is held for a moment by the isolate, and
 * near by for all isolates, its age counting from the room's answer. One request fetches the next
 * one, while the others go on with the one that is there (`snapshots.ts`). Isolates that have it from
 * near do so at times of their own, so that one asks the room and the others find what it was told.
 */
export function publicSales(dependencies: Dependencies): Sales {
  const { gateways, snapshots, near, clock, random } = dependencies;
  const held = new TwoGenerations<HeldList>(limits.listsMax);
  const refreshMs = limits.listRefreshMs - random() * limits.listRefreshSpreadMs;

  const isFresh = (atMs: number) => {
    const age = clock.now() - atMs;
    return age < refreshMs && age >= -limits.listAheadMsMax;
  };
  const isFit = (last: HeldList) => {
    const now = clock.now();
    if (isFresh(last.atMs)) return true;
    const isFetching = last.fetchSinceMs > 0 && now - last.fetchSinceMs < limits.fetchMsMax;
    if (last.failedAtMs > 0) return isFetching || now - last.failedAtMs < limits.failurePauseMs;
    return isFetching && now - last.atMs <= limits.listAgeMsMax;
  };
  const hold = (key: string, { atMs, snapshots, nextCursor }: NearList): SaleListOutcome => {
    const items = snapshots.map((json) => publicSale(parseSnapshot(json), clock.now()));
    const list = { items, nextCursor };
    held.set(key, { list, atMs, fetchSinceMs: 0, failedAtMs: 0 });
    return { kind: 'sales', list };
  };

  return {
    async one(saleId) {
      const found = await snapshots.find(saleId, 'sale');
      if (found.kind === 'unknown') return { kind: 'unknown-sale' };
      if (found.kind === 'unavailable') return found;
      const sale = publicSale(found.snapshot, clock.now());
      const { identity: login } = found.snapshot.info;
      return { kind: 'sale', sale, login, isStale: found.isStale };
    },

    async list(cursor, limit, keep) {
      const key = `${limit}:${cursor ?? ''}`;
      const last = held.get(key);
      if (last && isFit(last)) return { kind: 'sales', list: last.list };
      if (last) last.fetchSinceMs = clock.now();
      const known = await near.get(limit, cursor);
      if (known !== null && isFresh(known.atMs)) return hold(key, known);
      const answer = await gateways.catalogue(cursor, limit);
      if (last) last.fetchSinceMs = 0;
      if (answer.kind === 'bad-cursor') return answer;
      if (answer.kind === 'unavailable') {
        if (!last) return answer;
        last.failedAtMs = clock.now();
        return { kind: 'sales', list: last.list };
      }
      const { snapshots, nextCursor } = answer;
      const found = { atMs: clock.now(), snapshots, nextCursor };
      const outcome = hold(key, found);
      keep(near.put(limit, cursor, found));
      return outcome;
    },
  };
}
