import type { Clock } from '@fairgate/shared/clock.ts';
import { parseSnapshot } from '@fairgate/shared/room/snapshot.ts';
import type { IdentitySetting, PublicSale } from '@fairgate/shared/sale.ts';
import { publicSale } from '../domain/public-sale.ts';
import { limits } from './limits.ts';
import type { Refused } from './outcomes.ts';
import type { Gateways } from './ports.ts';
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
  list(cursor: string | null, limit: number): Promise<SaleListOutcome>;
};

type HeldList = { list: SaleList; receivedAtMs: number };

/** What everybody may see of the sales, held for a second by the isolate. */
export function publicSales(gateways: Gateways, snapshots: Snapshots, clock: Clock): Sales {
  const held = new TwoGenerations<HeldList>(limits.listsMax);
  return {
    async one(saleId) {
      const found = await snapshots.find(saleId, 'sale');
      if (found.kind === 'unknown') return { kind: 'unknown-sale' };
      if (found.kind === 'unavailable') return found;
      const sale = publicSale(found.snapshot, clock.now());
      const { identity: login } = found.snapshot.info;
      return { kind: 'sale', sale, login, isStale: found.isStale };
    },

    async list(cursor, limit) {
      const key = `${limit}:${cursor ?? ''}`;
      const last = held.get(key);
      const now = clock.now();
      if (last && now - last.receivedAtMs < limits.snapshotRefreshMs) {
        return { kind: 'sales', list: last.list };
      }
      const answer = await gateways.catalogue(cursor, limit);
      if (answer.kind === 'unavailable') return last ? { kind: 'sales', list: last.list } : answer;
      if (answer.kind === 'bad-cursor') return answer;
      const list = {
        items: answer.snapshots.map((json) => publicSale(parseSnapshot(json), clock.now())),
        nextCursor: answer.nextCursor,
      };
      held.set(key, { list, receivedAtMs: clock.now() });
      return { kind: 'sales', list };
    },
  };
}
