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

type HeldList = { list: SaleList; atMs: number };

/**
 * What everybody may see of the sales. A page of the list is held for a moment by the isolate, and
 * near by for those who hold none yet: together no longer than the isolate alone would.
 */
export function publicSales(
  gateways: Pick<Gateways, 'catalogue'>,
  snapshots: Pick<Snapshots, 'find'>,
  near: NearLists,
  clock: Clock,
): Sales {
  const held = new TwoGenerations<HeldList>(limits.listsMax);
  // Clocks of the machines of a data centre differ a little, either way.
  const isFresh = ({ atMs }: { atMs: number }) =>
    Math.abs(clock.now() - atMs) < limits.snapshotRefreshMs;
  const hold = (key: string, { atMs, snapshots, nextCursor }: NearList): SaleList => {
    const items = snapshots.map((json) => publicSale(parseSnapshot(json), clock.now()));
    const list = { items, nextCursor };
    held.set(key, { list, atMs });
    return list;
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
      if (last && isFresh(last)) return { kind: 'sales', list: last.list };
      const known = await near.get(limit, cursor);
      if (known !== null && isFresh(known)) return { kind: 'sales', list: hold(key, known) };
      const answer = await gateways.catalogue(cursor, limit);
      if (answer.kind === 'unavailable') return last ? { kind: 'sales', list: last.list } : answer;
      if (answer.kind === 'bad-cursor') return answer;
      const { snapshots, nextCursor } = answer;
      const found = { atMs: clock.now(), snapshots, nextCursor };
      const list = hold(key, found);
      keep(near.put(limit, cursor, found));
      return { kind: 'sales', list };
    },
  };
}
