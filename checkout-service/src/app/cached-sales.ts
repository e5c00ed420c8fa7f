import type { SaleOffer, SaleStore } from './ports.ts';
import type { Timers } from './timers.ts';

export type CachedSalesOptions = {
  /** So long an answer is taken without asking. */
  freshMs: number;
  /** While the store gives no answer, one that is not older than this serves on, */
  staleMs: number;
  /** and nobody who has one waits longer than this for a newer. */
  patienceMs: number;
  timers: Timers;
};

type Entry = {
  /** The last answer, and when it was asked for. */
  known: { offer: SaleOffer | null; atMs: number } | null;
  asking: { answer: Promise<SaleOffer | null>; sinceMs: number } | null;
};

const entriesMax = 1_000;

/**
 * Sales change seldom: one question each second serves every request of an instance, and a store that
 * hangs does not make everybody wait in front of the bounded queue.
 */
export function cachedSales(store: SaleStore, options: CachedSalesOptions): SaleStore {
  const { freshMs, staleMs, patienceMs, timers } = options;
  const entries = new Map<string, Entry>();

  function ask(saleId: string, entry: Entry): NonNullable<Entry['asking']> {
    const sinceMs = timers.now();
    const answer = store.findSale(saleId);
    const asking = { answer, sinceMs };
    entry.asking = asking;
    answer.then(
      (offer) => {
        entry.known = { offer, atMs: sinceMs };
        entry.asking = null;
      },
      // A failure is not kept: the next request asks again.
      () => {
        entry.asking = null;
      },
    );
    return asking;
  }

  return {
    // Asked only about a product that the token's sale does not have.
    isOffered: store.isOffered,
    async findSale(saleId) {
      if (entries.size >= entriesMax && !entries.has(saleId)) entries.clear();
      const entry = entries.get(saleId) ?? { known: null, asking: null };
      entries.set(saleId, entry);
      const { known } = entry;
      if (known && timers.now() - known.atMs < freshMs) return known.offer;
      const { answer, sinceMs } = entry.asking ?? ask(saleId, entry);
      if (!known || timers.now() - known.atMs > staleMs) return await answer;
      const patience = patienceMs - (timers.now() - sinceMs);
      const newer = answer.then(
        (offer) => ({ offer }),
        () => known,
      );
      return (patience > 0 ? await within(newer, patience, known, timers) : known).offer;
    },
  };
}

async function within<T>(answer: Promise<T>, ms: number, otherwise: T, timers: Timers): Promise<T> {
  return await new Promise((resolve) => {
    const timer = timers.after(ms, () => resolve(otherwise));
    void answer.then((value) => {
      timer.cancel();
      resolve(value);
    });
  });
}
