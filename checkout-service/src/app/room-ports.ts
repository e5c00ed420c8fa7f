import type { DrawRoom } from '@fairgate/shared/draw/drawing.ts';
import type { BooksQuestion, RoomBooks, WaitingReport } from '@fairgate/shared/room/books.ts';
import type {
  DueToken,
  PromiseReply,
  SettleReport,
  StockCount,
} from '@fairgate/shared/room/room.ts';

/** What a report of the outbox says, and where it stands in it. */
export type OutboxReport = {
  id: number;
  saleId: string;
  ageSeconds: number;
  report: Omit<SettleReport, 'seq'>;
};

/** Ids in the outbox. */
export type Delivered = { done: number[]; refused: number[] };

export type BackgroundStore = {
  /**
   * Hands the oldest reports to `deliver` while no other instance does, with the ids of those that
   * cannot be read; what is done is deleted, what is refused or unreadable is set aside under the
   * topic `refused`.
   * Returns how many were done, or null where another instance is at it.
   */
  relay(
    limit: number,
    withoutSales: readonly string[],
    deliver: (reports: OutboxReport[], unreadable: number[]) => Promise<Delivered>,
  ): Promise<number | null>;
  /** Sales whose tokens may still lapse. */
  settlingSales(): Promise<string[]>;
  /**
   * Writes `lapsed` rows for tokens that have none, and says what each token is now: the
   * reports that the room should have of it.
   */
  lapse(saleId: string, tokens: readonly DueToken[]): Promise<SettleReport[]>;
  /** The version is drawn before the counting, so that a higher one never knows less. */
  countStock(saleId: string): Promise<{ version: number; counts: StockCount[] }>;
  /** What waits in the outbox, by topic; those with nothing too. */
  outbox(): Promise<{ topic: string; rows: number; ageSeconds: number }[]>;
  ping(): Promise<void>;
};

/** The room's Redis as the checkout needs it. Rejects with `RoomAway` when it cannot be reached. */
export type RoomReports = {
  settle(saleId: string, reports: SettleReport[]): Promise<'taken' | 'no-room'>;
  picture(saleId: string, version: number, counts: StockCount[]): Promise<void>;
  due(saleId: string, passedMs: number, limit: number): Promise<DueToken[]>;
  /** First the budget, then the unit (D7): see `Room.promise` for the reports that must follow. */
  promise(saleId: string, key: string, units: number): Promise<PromiseReply>;
  /** Until then, by the clock of the room's Redis, which it gives back. */
  lease(saleId: string, until: number): Promise<number>;
  /** A fault of ours kept who holds the token from buying: `ms` more, once (`Room.fault`). */
  fault(
    saleId: string,
    visitor: string,
    jti: string,
    ms: number,
  ): Promise<{ outcome: 'given' | 'kept' | 'no-room' }>;
  books(saleId: string, question: BooksQuestion): Promise<RoomBooks | null>;
  /** False where another instance was faster. */
  mend(saleId: string, mended: number, units: number, redeemed: number): Promise<boolean>;
} & DrawRoom;

/** A report that the outbox has not delivered for certain. */
export type PendingReport = WaitingReport;

/** What Postgres says of a sale, in one snapshot. */
export type SaleBooks = {
  counts: StockCount[];
  /** Tokens that were spent. */
  redeemed: number;
  /** A page of the orders that await payment, by `jti`. */
  awaiting: string[];
  /** Null: too many to look through, the rooms are far behind. */
  pending: PendingReport[] | null;
};

export type BooksStore = {
  /** Open sales, and those that closed within two hours. */
  sales(): Promise<{ saleId: string; isClosed: boolean }[]>;
  books(saleId: string, from: number, limit: number): Promise<SaleBooks>;
  /** What the room should have heard of each; nothing of what was never spent. Without those that
   * wait in the outbox. */
  reportsOf(saleId: string, jtis: readonly string[]): Promise<Map<string, SettleReport[]>>;
};

export type LeaseStore = {
  /** A synchronous commit of our own; the sales that may admit. Rejects within a short deadline. */
  beat(): Promise<string[]>;
};
