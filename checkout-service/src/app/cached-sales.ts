import type { SaleOffer, SaleStore } from './ports.ts';

/** Sales change seldom: one question each second serves every request of an instance. */
export function cachedSales(store: SaleStore, keptMs: number, now: () => number): SaleStore {
  const entries = new Map<string, { at: number; found: Promise<SaleOffer | null> }>();
  const entriesMax = 1_000;
  return {
    // Asked only about a product that the token's sale does not have.
    isOffered: store.isOffered,
    findSale(saleId) {
      const entry = entries.get(saleId);
      if (entry && now() - entry.at < keptMs) return entry.found;
      if (entries.size >= entriesMax) entries.clear();
      const found = store.findSale(saleId);
      entries.set(saleId, { at: now(), found });
      // A failure is not kept: the next request asks again.
      found.catch(() => entries.delete(saleId));
      return found;
    },
  };
}
