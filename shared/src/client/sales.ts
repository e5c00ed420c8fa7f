import type { PublicSale } from '../sale.ts';
import type { SaleAnswer } from './answers.ts';
import type { Calls } from './calls.ts';

type SignalOption = { signal?: AbortSignal | undefined };

/** Calls that anybody may make. Each rejects with `FairgateProblem`, `FairgateUnreachable`, or the signal's reason. */
export type SaleCalls = {
  sale(saleId: string, options?: SignalOption): Promise<SaleAnswer>;
  /** The public list, page by page. */
  sales(options?: SignalOption & { limit?: number }): AsyncGenerator<PublicSale[], void>;
};

export function saleAt(saleId: string): string {
  return `/api/sales/${encodeURIComponent(saleId)}`;
}

export function makeSales(calls: Calls): SaleCalls {
  return {
    sale: (saleId, { signal } = {}) => calls.json({ method: 'GET', path: saleAt(saleId), signal }),

    async *sales({ limit, signal } = {}) {
      type Page = { items: PublicSale[]; nextCursor: string | null };
      let cursor: string | null = null;
      do {
        const query = new URLSearchParams();
        if (cursor !== null) query.set('cursor', cursor);
        if (limit !== undefined) query.set('limit', String(limit));
        const path = `/api/sales?${query}`;
        const page: Page = await calls.json<Page>({ method: 'GET', path, signal });
        yield page.items;
        cursor = page.nextCursor;
      } while (cursor !== null);
    },
  };
}
