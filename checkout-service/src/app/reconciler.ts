import type { RoomBooks } from '@fairgate/shared/room/books.ts';
import type { SettleReport } from '@fairgate/shared/room/room.ts';
import {
  budgetDifference,
  type DifferenceKind,
  differenceKinds,
  redeemedDifference,
  standing,
  stockDifferences,
} from '../domain/differences.ts';
import { limits } from '../limits.ts';
import type { Log } from './log.ts';
import type { CheckoutMetrics } from './metrics.ts';
import { RoomRefused } from './room-away.ts';
import type { BooksStore, RoomReports, SaleBooks } from './room-ports.ts';

export type ReconcilerOptions = {
  store: BooksStore;
  room: Pick<RoomReports, 'books' | 'mend' | 'settle'>;
  metrics: Pick<CheckoutMetrics, 'differences' | 'repaired' | 'reconciled'>;
  log: Log;
  page: number;
  stockChanged(saleId: string): void;
  now(): number;
};

/** What a look at a sale found. Orders and tokens are by `jti`, with the reports that mend them. */
type Look = {
  mended: number;
  budget: number;
  redeemed: number;
  /** How many looks in a row have seen that picture of a product wrong. */
  stock: Map<string, number>;
  items: Map<string, { kind: DifferenceKind; reports: SettleReport[] }>;
};
type Watched = {
  from: number;
  before: Look | null;
  /** Items that differ though they were repaired: they keep no other repair from being made. */
  stuck: Set<string>;
  /** Items seen since the first page. */
  seen: Set<string>;
  /** When the last page was compared last. */
  wholeAt: number;
};

/**
 * One round of the reconciler: for each sale Redis' books -> Postgres' in one snapshot -> what
 * differs -> what differed in the last round too is counted and repaired. Postgres is right.
 */
export function makeReconciler(options: ReconcilerOptions): () => Promise<'done'> {
  const watched = new Map<string, Watched>();
  return async () => {
    const totals = new Map<DifferenceKind, number>(differenceKinds.map((kind) => [kind, 0]));
    const sales = await options.store.sales();
    const live = new Set(sales.map((sale) => sale.saleId));
    for (const saleId of watched.keys()) if (!live.has(saleId)) watched.delete(saleId);
    let fault: unknown;
    for (const sale of sales) {
      try {
        const { saleId } = sale;
        const state = watched.get(saleId) ?? newlyWatched(options.now());
        watched.set(saleId, state);
        watched.set(saleId, await reconcile(options, sale, state, totals));
      } catch (error) {
        if (!(error instanceof RoomRefused)) throw error;
        fault ??= error;
      }
    }
    for (const [kind, count] of totals) options.metrics.differences(kind, count);
    const looks = [...watched.values()].map(({ wholeAt }) => wholeAt);
    options.metrics.reconciled(Math.min(options.now(), ...looks));
    if (fault !== undefined) throw fault;
    return 'done';
  };
}

function newlyWatched(now: number): Watched {
  return { from: 0, before: null, stuck: new Set(), seen: new Set(), wholeAt: now };
}

async function reconcile(
  options: ReconcilerOptions,
  sale: { saleId: string; isClosed: boolean },
  state: Watched,
  totals: Map<DifferenceKind, number>,
): Promise<Watched> {
  const look = await lookAt(options, sale, state.from);
  if (look === 'no-room') return { ...state, from: 0, before: null };
  // Busy all the time: what stood before is kept, and compared in the next round.
  if (look === 'moving') return state;
  const { now, isLast } = look;
  if (state.before !== null) {
    const found = await repair(options, sale.saleId, { ...state, before: state.before }, now);
    for (const [kind, count] of found) totals.set(kind, (totals.get(kind) ?? 0) + count);
  }
  const seen = new Set([...state.seen, ...now.items.keys()]);
  // A page is looked at again while there is something on it that can still be repaired.
  if ([...now.items.keys()].some((jti) => !state.stuck.has(jti))) {
    return { ...state, before: now, seen };
  }
  if (!isLast) return { ...state, from: state.from + options.page, before: now, seen };
  const stuck = new Set([...state.stuck].filter((jti) => seen.has(jti)));
  return { from: 0, before: now, stuck, seen: new Set(), wholeAt: options.now() };
}

/** Redis before and after Postgres: where it heard nothing between, the two can be compared. */
async function lookAt(
  options: ReconcilerOptions,
  { saleId, isClosed }: { saleId: string; isClosed: boolean },
  from: number,
): Promise<{ now: Look; isLast: boolean } | 'no-room' | 'moving'> {
  const { room, store, page: limit } = options;
  for (let tries = 0; tries < limits.reconcileLooksMax; tries += 1) {
    const first = await room.books(saleId, { orders: [], reports: [], from: 0, limit: 0 });
    const there = await store.books(saleId, from, limit);
    const { awaiting: orders, pending } = there;
    if (pending === null) return 'moving';
    const books = await room.books(saleId, { orders, reports: pending, from, limit });
    if (first === null || books === null) return 'no-room';
    if (first.settles !== books.settles || first.mended !== books.mended) continue;
    const asked = [...new Set([...books.missing, ...books.holding, ...books.tokens])];
    const items = itemsOf(books, await store.reportsOf(saleId, asked), pending);
    const full = [orders, books.holding, books.tokens].some((list) => list.length === limit);
    return { now: lookOf(there, books, items, isClosed), isLast: !full };
  }
  return 'moving';
}

function lookOf(there: SaleBooks, books: RoomBooks, items: Look['items'], isClosed: boolean): Look {
  const unheard = (there.pending ?? []).filter(({ seq }) => books.unheard.includes(seq));
  return {
    mended: books.mended,
    // The units of a closed sale may be another's by now, and nobody is let in any more.
    budget: isClosed ? 0 : (budgetDifference(there.counts, books.gone, unheard) ?? 0),
    redeemed: redeemedDifference(there.redeemed, books, unheard),
    stock: new Map(
      isClosed ? [] : stockDifferences(there.counts, books.stock).map((picture) => [picture, 1]),
    ),
    items,
  };
}

/** Of a token without an order the settlement takes care; of what is in the outbox, the relay. */
function itemsOf(
  books: RoomBooks,
  known: Map<string, SettleReport[]>,
  pending: readonly { jti: string }[],
): Look['items'] {
  const items: Look['items'] = new Map();
  const waiting = new Set(pending.map((report) => report.jti));
  const add = (jti: string, kind: DifferenceKind, reports: SettleReport[] | undefined) => {
    if (reports && !waiting.has(jti)) items.set(jti, { kind, reports });
  };
  const hasEnded = (reports: SettleReport[]) => reports.some(({ kind }) => kind === 'ended');
  for (const jti of books.missing) add(jti, 'holding-missing', known.get(jti));
  for (const jti of books.holding) {
    const reports = known.get(jti);
    if (reports?.length === 0) add(jti, 'holding-over', [ghost(jti)]);
    else if (reports && hasEnded(reports)) add(jti, 'holding-over', reports);
  }
  for (const jti of books.tokens) {
    if (known.get(jti)?.length !== 0) add(jti, 'token-spent', known.get(jti));
  }
  return items;
}

/** The end of an order that never was. */
function ghost(jti: string): SettleReport {
  const nothing = { seq: 0, visitor: '', number: 0, max: 0, taken: 0, returned: 0, payBefore: 0 };
  return { kind: 'ended', jti, ...nothing };
}

/** What both looks saw is a difference: it is counted, and made right. */
async function repair(
  options: ReconcilerOptions,
  saleId: string,
  { before, stuck }: { before: Look; stuck: Set<string> },
  now: Look,
): Promise<Map<DifferenceKind, number>> {
  const found = new Map<DifferenceKind, number>();
  const note = (kind: DifferenceKind, count: number) => {
    if (count !== 0) found.set(kind, (found.get(kind) ?? 0) + Math.abs(count));
  };
  const items = [...now.items].filter(([jti]) => before.items.has(jti) || stuck.has(jti));
  for (const [, { kind }] of items) note(kind, 1);
  const budget = standing(before.budget, now.budget);
  const redeemed = standing(before.redeemed, now.redeemed);
  note('budget', budget);
  note('redeemed', redeemed);
  for (const picture of now.stock.keys()) {
    now.stock.set(picture, 1 + (before.stock.get(picture) ?? 0));
  }
  const stock = [...now.stock.values()].filter((looks) => looks >= limits.reconcileStockLooks);
  note('stock', stock.length);
  if (found.size === 0) return found;
  options.log.warn({ saleId, ...Object.fromEntries(found) }, 'Redis differs from Postgres');
  const fresh = items.filter(([jti]) => !stuck.has(jti));
  if (fresh.length > 0) {
    const reports = fresh.flatMap(([, item]) => item.reports);
    await options.room.settle(saleId, reports).catch((error: unknown) => {
      if (!(error instanceof RoomRefused)) throw error;
      options.log.error({ saleId, err: error }, 'the room refuses to be repaired');
    });
    // Where they still differ at the next look, that was of no use.
    for (const [jti] of fresh) stuck.add(jti);
  } else if (budget !== 0 || redeemed !== 0) {
    // Not with reports, for these change the counts: what then differs is seen in the next rounds.
    await options.room.mend(saleId, now.mended, budget, redeemed);
  }
  if (stock.length > 0) options.stockChanged(saleId);
  for (const [kind, count] of found) options.metrics.repaired(kind, count);
  return found;
}
