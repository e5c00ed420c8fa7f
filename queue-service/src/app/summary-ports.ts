import type { SaleRecord, UnitCounts } from '../domain/records.ts';
import type { SlotChanges } from '../domain/sell-through.ts';
import type { Books, Tally } from '../domain/tally.ts';

export type ReportedProduct = UnitCounts & {
  productId: string;
  name: string;
  currency: string;
  /** Another sale offered it since this one closed: its stock stands still in this one's room. */
  isMovedOn: boolean;
};

/** What Postgres has of a sale in its tables. */
export type SaleReport = {
  sale: SaleRecord;
  products: ReportedProduct[];
  tally: Tally;
  /** Tokens that became orders. */
  redeemed: number;
};

/** The sale's books, and what its ledger tells of its course. */
export type SaleBooks = { books: Books; course: SlotChanges };

/** Refused attempts in a sale, by reason: in Redis alone, but for the checkpoints. */
export type BlockedCounts = {
  /** `isWhole`: what a checkpoint knew was added since Redis lost it, or nothing was lost. */
  read(saleId: string): Promise<{ counts: Record<string, number>; isWhole: boolean }>;
  /** Adds what a checkpoint knew, once to what a Redis that lost it has counted since. */
  restore(saleId: string, known: Record<string, number>): Promise<Record<string, number>>;
};
