import { type Clock, isoTime } from '@fairgate/shared/clock.ts';
import { type HistoryItem, historyItem, type LiveFigures } from '@fairgate/shared/live-figures.ts';
import { Problem } from '@fairgate/shared/problem.ts';
import { eachOf } from './each-of.ts';
import type { LiveRooms } from './live.ts';
import type { LiveHub } from './live-hub.ts';
import type { HistoryStep, KeptFigures } from './live-ports.ts';
import type { Store } from './ports.ts';
import { reused } from './reused.ts';
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
  /** A page of what was told from one second of the epoch to another, both included, in order. */
  seconds(saleId: string, from: number, to: number): Promise<HistoryPage>;
};

/** `id`: seconds since the epoch; `next`: where the next page begins. */
export type HistoryPage = { items: { id: number; figures: LiveFigures }[]; next: number };

const stepMs: Record<HistoryStep, number> = { second: 1_000, minute: 60_000 };
export const keptMs: Record<HistoryStep, number> = {
  second: 3_600_000,
  minute: 90 * 86_400_000,
};
/** Points of one answer: an hour of seconds, some three days of minutes. */
const pointsMax = 4_000;
/** Seconds of a page for whoever catches up: some 100 kB, and the same for all who missed them. */
const pageSeconds = 120;
/** A sale that was closed is followed for so long, to its last orders. */
const closedMs = 3_600_000;
const salesAtOnce = 8;

type Parts = { store: Store; live: LiveRooms; hub: Pick<LiveHub, 'told'>; clock: Clock };

/** room → figures → one row a second → one a minute. */
export function history(parts: Parts): History {
  const { store, clock } = parts;
  // Those who were cut off together missed the same.
  const page = reused(clock.now, async (asked) => {
    const [saleId = '', from, last] = asked.split(' ');
    const range = { from: Number(from) * 1_000, to: Number(last) * 1_000 };
    return await store.history.range(saleId, 'second', range, pageSeconds);
  });
  return {
    keep: () => keepSecond(parts),
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
      return kept.map(({ figures }) => historyItem(figures));
    },
    async seconds(saleId, from, to) {
      const last = Math.min(to, from + pageSeconds - 1);
      const points = await page(`${saleId} ${from} ${last}`);
      const items = points.map(({ at, figures }) => ({ id: at / 1_000, figures }));
      return { items, next: last + 1 };
    },
  };
}

/** Sales that another instance was first with are not read at all. */
async function keepSecond({ store, live, hub, clock }: Parts): Promise<void> {
  const second = Math.floor(clock.now() / 1_000);
  const at = second * 1_000;
  const sales = await store.sales.rooms(clock.now() - closedMs);
  const known = await store.history.known(at);
  const missing = sales.filter(({ id }) => !known.has(id));
  const kept: KeptFigures[] = [];
  await eachOf(missing, salesAtOnce, async (sale) => {
    // A room that cannot be reached has no figures of this second, and keeps no other's.
    const told = hub.told(sale.id, second) ?? (await live.of(sale).catch(() => null))?.live;
    if (told === undefined) return;
    const { id: saleId, settings: _, stale: __, ...figures } = told;
    // They may have been read late in the second, or be of the next one by now.
    kept.push({ saleId, at, figures: { ...figures, at: isoTime(at) } });
  });
  await store.history.keep(kept);
}

function invalid(path: string, message: string): Problem {
  const errors = [{ path, message }];
  return new Problem('invalid-request', { detail: 'Some of the input is not valid.', errors });
}
