import type { Clock } from '@fairgate/shared/clock.ts';
import { refusalsBeyond } from '../domain/door-delta.ts';
import { eventDays } from '../domain/event-days.ts';
import { eachOf } from './each-of.ts';
import type { DoorCursor, DoorStep, EventStore, Progress } from './event-ports.ts';
import type { Log } from './ports.ts';
import type { BlockedCounts } from './summary-ports.ts';
import { startTimer, type Timer } from './timer.ts';

type Parts = {
  store: EventStore;
  blocked: Pick<BlockedCounts, 'read'>;
  clock: Clock;
  /** For how many days events are kept; 0: none are written. */
  keptDays: number;
  pause(ms: number): Promise<void>;
  log: Log;
};

export type Events = {
  /** `ledger -> events`, then `log of each sale -> events`: what has come since, for some seconds. */
  write(): Promise<void>;
  /** `counters of each door -> events`. */
  writeRefusals(): Promise<void>;
  /** Days to come are made, and those that are kept no longer are dropped. */
  keepDays(): Promise<void>;
};

/** A pass is over before its timer gives it up; the next one goes on. */
const passMsMax = 5_000;
/** Between two batches at least; a batch that took longer is followed by as long a pause. */
const pauseMsMin = 20;
const doorsAtOnce = 8;

/**
 * Makes rows for analysts of what the room and the checkouts have written already. Any number of
 * instances may do it at once; nothing waits for it.
 */
export function eventKeeper({ store, blocked, clock, keptDays, pause, log }: Parts): Events {
  const days = () => eventDays(clock.now(), keptDays);

  /** Half of the time at most is Postgres' work, whatever there is to do. */
  async function untilDone(endMs: number, batch: () => Promise<Progress>): Promise<void> {
    for (;;) {
      const beganMs = performance.now();
      if ((await batch()) === 'done' || performance.now() >= endMs) return;
      await pause(Math.max(pauseMsMin, performance.now() - beganMs));
    }
  }

  async function stepOf(cursor: DoorCursor): Promise<DoorStep | null> {
    const { counts } = await blocked.read(cursor.saleId);
    const refusals = refusalsBeyond(cursor.known, counts);
    return Object.keys(refusals).length === 0 ? null : { cursor, refusals };
  }

  return {
    async write() {
      if (keptDays === 0) return;
      const { keepFrom } = days();
      const endMs = performance.now() + passMsMax;
      await untilDone(endMs, () => store.writeOrders(keepFrom));
      const failures: unknown[] = [];
      for (const saleId of await store.salesBehind()) {
        const writing = untilDone(endMs, () => store.writeLog(saleId, keepFrom));
        await writing.catch((error: unknown) => failures.push(error));
        if (performance.now() >= endMs) break;
      }
      if (failures.length > 0) throw failures[0];
    },
    async writeRefusals() {
      if (keptDays === 0) return;
      const steps: DoorStep[] = [];
      await eachOf(await store.doorCursors(), doorsAtOnce, async (cursor) => {
        const step = await stepOf(cursor);
        if (step !== null) steps.push(step);
      });
      if (steps.length > 0) await store.writeRefusals(steps, new Date(clock.now()));
    },
    async keepDays() {
      if (keptDays === 0) return;
      const { wanted, keepFrom } = days();
      const { dropped } = await store.keepDays(wanted, keepFrom);
      if (dropped.length > 0) log.info({ dropped }, 'days of events were dropped');
    },
  };
}

/** An instance's part in it; none where no events are kept. */
export function eventTimers(parts: Parts): Timer[] {
  const { keptDays, log } = parts;
  if (keptDays === 0) return [];
  const events = eventKeeper(parts);
  return [
    startTimer('event days', 600_000, events.keepDays, log),
    startTimer('events', 1_000, events.write, log),
    startTimer('refusals', 5_000, events.writeRefusals, log),
  ];
}
