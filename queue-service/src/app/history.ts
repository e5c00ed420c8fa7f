import type { Clock } from '@fairgate/shared/clock.ts';
import { type HistoryItem, historyItem, type LiveFigures } from '@fairgate/shared/live-figures.ts';
import { Problem } from '@fairgate/shared/problem.ts';
import { eachOf } from './each-of.ts';
import type { LiveRooms } from './live.ts';
import type { HistoryStep, KeptFigures } from './live-ports.ts';
import type { Store } from './ports.ts';
import { existingSale } from './sales.ts';

export type HistoryQuery = {
  step: HistoryStep;
  from?: number | undefined;
  to?: number | undefined;
};

export type History = {
  /** Writes down the figures of every live sale; any number of instances may. */
  keep(): Promise<void>;
  /** Makes minutes of seconds, and drops what is too old. */
  tidy(): Promise<void>;
  /** Points of a time, `from` and `to` in ms. Throws `not-found`, `invalid-request`. */
  read(saleId: string, query: HistoryQuery): Promise<HistoryItem[]>;
  /** What was told from one second of the epoch to another, both included. */
  seconds(saleId: string, from: number, to: number): Promise<LiveFigures[]>;
};

const stepMs: Record<HistoryStep, number> = { second: 1_000, minute: 60_000 };
export const keptMs: Record<HistoryStep, number> = {
  second: 3_600_000,
  minute: 90 * 86_400_000,
};
/** Points of one answer: an hour of seconds, some three days of minutes. */
const pointsMax = 4_000;
/** A sale that was closed is followed for so long, to its last orders. */
const closedMs = 60_000;
const salesAtOnce = 8;

type Parts = { store: Store; live: LiveRooms; clock: Clock };

/** room → figures → one row a second → one a minute. */
export function history({ store, live, clock }: Parts): History {
  return {
    async keep() {
      const kept: KeptFigures[] = [];
      const sales = await store.sales.rooms(clock.now() - closedMs);
      await eachOf(sales, salesAtOnce, async ({ id }) => {
        // A room that cannot be reached has no figures of this second, and keeps no other's.
        const read = await live.read(id).catch(() => null);
        if (read !== null) kept.push({ saleId: id, figures: read.figures });
      });
      await store.history.keep(kept);
    },
    async tidy() {
      const now = clock.now();
      await store.history.rollMinutes(now);
      await store.history.prune('second', now - keptMs.second);
      await store.history.prune('minute', now - keptMs.minute);
    },
    async read(saleId, { step, ...asked }) {
      await existingSale(store, saleId);
      const now = clock.now();
      const to = asked.to ?? now;
      const from = asked.from ?? to - Math.min(keptMs[step], pointsMax * stepMs[step]);
      if (from > to) throw invalid('from', 'must not be later than to');
      if ((to - from) / stepMs[step] > pointsMax) {
        throw invalid(
          'from',
          `one answer has at most ${pointsMax} points: ask for less, or minutes`,
        );
      }
      const kept = await store.history.range(saleId, step, { from, to }, pointsMax + 1);
      return kept.map(historyItem);
    },
    seconds: (saleId, from, to) => {
      const range = { from: from * 1_000, to: to * 1_000 };
      return store.history.range(saleId, 'second', range, keptMs.second / 1_000);
    },
  };
}

function invalid(path: string, message: string): Problem {
  const errors = [{ path, message }];
  return new Problem('invalid-request', { detail: 'Some of the input is not valid.', errors });
}
