import type { Preview } from '@fairgate/shared/preview/preview.ts';
import type { CheckoutFacts } from '../domain/checks.ts';
import type { ProductRecord } from '../domain/records.ts';

/** What a sale is checked by, beside itself. */
export type CheckFacts = {
  /** Those that were not deleted, with their units, in the order of `ids`. */
  products(ids: readonly string[]): Promise<ProductRecord[]>;
  /** Of the checkouts that have given a sign of life in the last seconds. */
  checkouts(): Promise<CheckoutFacts>;
};

/** Sales as preview links show them; in Redis, where the edge reads them. */
export type PreviewBoard = {
  /** Rejects where Redis is away. */
  put(id: string, preview: Preview): Promise<void>;
};
