import type { ImportedRow, ProductFields } from '../domain/product-import.ts';
import type { ProductRecord } from '../domain/records.ts';

/** `id`: of a new product the one that it will have. */
export type StagedRow = { id: string; row: ImportedRow };

export type FoundRow = StagedRow & {
  /** Null where there is none, or it was deleted. */
  before: ProductRecord | null;
  /** The sale that is not closed and offers it, or null. */
  saleId: string | null;
};

/** Product files on their way in, and statements over many products. Lists: a thousand at a time. */
export type ImportRows = {
  stage(importId: string, rows: readonly StagedRow[]): Promise<void>;
  staged(importId: string): Promise<number>;
  /** Those after a line, in their order, with the products as they are now. */
  page(importId: string, afterLine: number, limit: number): Promise<FoundRow[]>;
  drop(importId: string): Promise<void>;
  /** What was staged more than this long ago. */
  dropOld(ageMs: number): Promise<void>;
  /** Locks the products that an import names, in one order for all, until the transaction ends. */
  lockProducts(importId: string): Promise<void>;
  insertProducts(products: readonly (ProductFields & { id: string })[], now: number): Promise<void>;
  /** With all their fields; raises their versions. */
  updateProducts(products: readonly (ProductFields & { id: string })[], now: number): Promise<void>;
  /** Free units, dealt to the shards in turn. */
  addUnits(wanted: readonly { id: string; add: number; present: number }[]): Promise<void>;
};
