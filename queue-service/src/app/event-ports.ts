import type { Refusals } from '../domain/door-delta.ts';

export type Progress = 'more' | 'done';

/** Refusals at a sale's door that are events; `step` rises with each writing, from 0. */
export type DoorCursor = { saleId: string; step: number; known: Refusals };

/** Refusals beyond the cursor: they are written only while it stands where it stood. */
export type DoorStep = { cursor: DoorCursor; refusals: Refusals };

/** Events in Postgres. Each source's cursor moves in the transaction that writes its rows. */
export type EventStore = {
  /**
   * Makes the days (`2026-11-26`) that are missing, and drops those before `keepFrom`. Whatever is
   * being read just now is dropped the next time.
   */
  keepDays(wanted: readonly string[], keepFrom: string): Promise<{ dropped: string[] }>;
  /** The next bounded batch of the ledger's order events, of `keepFrom` on. */
  writeOrders(keepFrom: string): Promise<Progress>;
  /** Sales whose log has lines that are no events yet. */
  salesBehind(): Promise<string[]>;
  /** The next bounded batch of a sale's log. */
  writeLog(saleId: string, keepFrom: string): Promise<Progress>;
  /** Of sales that are live or were closed lately. */
  doorCursors(): Promise<DoorCursor[]>;
  writeRefusals(steps: readonly DoorStep[], at: Date): Promise<void>;
};
