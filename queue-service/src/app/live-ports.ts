import type { CheckoutStatus, LiveFigures } from '@fairgate/shared/live-figures.ts';
import type { UnitCounts } from '../domain/records.ts';

/** What Postgres knows of a sale while it runs. */
export type LiveRows = {
  paidOrders(saleId: string): Promise<number>;
  /** Units of all its products. */
  units(saleId: string): Promise<UnitCounts>;
  /** Those that were heard of within the last half minute. */
  checkouts(): Promise<CheckoutStatus[]>;
};

export type HistoryStep = 'second' | 'minute';
/** `at`: which point of the history it is, in ms. */
export type KeptFigures = { saleId: string; at: number; figures: LiveFigures };
export type Point = Pick<KeptFigures, 'at' | 'figures'>;
/** Times in ms since the epoch; both ends belong to it. */
export type TimeRange = { from: number; to: number };

/** Figures over time. */
export type HistoryRows = {
  /** What is there for a second already stays: another instance was first. */
  keep(figures: readonly KeptFigures[]): Promise<void>;
  /** Sales of which there is something for the second that begins at `at`. */
  known(at: number): Promise<Set<string>>;
  /** The last second of each minute that ended before `now` becomes its point. */
  rollMinutes(now: number): Promise<void>;
  /** Drops some that are too old; answers how many. */
  prune(step: HistoryStep, before: number): Promise<number>;
  /** In order; the newest `limit` of them. */
  range(saleId: string, step: HistoryStep, range: TimeRange, limit: number): Promise<Point[]>;
};
