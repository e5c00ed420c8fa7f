import type { Clock } from '@fairgate/shared/clock.ts';
import { Problem } from '@fairgate/shared/problem.ts';
import type { Room, RoomFigures } from '@fairgate/shared/room/room.ts';
import { addedCounts, countersOf } from '../domain/counters.ts';
import { roomDifferences, stockFrom } from '../domain/room-differences.ts';
import type { Checkpoint } from '../domain/room-source.ts';
import { sellThrough } from '../domain/sell-through.ts';
import {
  type Funnel,
  orderCounts,
  type SaleSummary,
  summaryProduct,
  sumOf,
  totalsOf,
  waitsFrom,
} from '../domain/summary.ts';
import { bookDifferences } from '../domain/tally.ts';
import type { Store } from './ports.ts';
import { reused } from './reused.ts';
import { stateNow } from './sale-states.ts';
import type { BlockedCounts, SaleBooks, SaleReport } from './summary-ports.ts';

export type Summaries = {
  /**
   * Sold, held, free, the funnel, the waits, money and the course of the sale; from Postgres alone
   * where Redis is away. A deleted sale is told too, without its room: by what was written of that
   * last. Throws `not-found`.
   */
  read(saleId: string): Promise<SaleSummary>;
};

type Parts = {
  store: Store;
  room: Room;
  blocked: Pick<BlockedCounts, 'read'>;
  clock: Clock;
  pause: (ms: number) => Promise<void>;
};

/** Redis' picture may be this much late under load, which is no disagreement. */
const attempts = 4;
const attemptMs = 250;

export function summaries(parts: Parts): Summaries {
  const { store, clock, pause } = parts;
  const checkedBooks = reused(clock.now, async (saleId) => {
    const checkedAt = clock.now();
    return { checkedAt, ...(await store.snapshot((rows) => rows.books(saleId))) };
  });
  return {
    async read(saleId) {
      let both = await readBoth(parts, saleId);
      for (let again = 1; again < attempts && lags(both); again += 1) {
        await pause(attemptMs);
        both = await readBoth(parts, saleId);
      }
      const books = await checkedBooks(saleId);
      const memory = await store.rooms.checkpoint(saleId);
      const blocked = await blockedOf(parts, saleId, memory);
      return summaryOf(both, { books, memory, blocked, state: stateNow(both.report.sale, clock) });
    },
  };
}

/** `away`: Redis cannot be asked; null: it has no room of the sale. */
type Both = { report: SaleReport; figures: RoomFigures | 'away' | null };

async function readBoth({ store, room }: Parts, saleId: string): Promise<Both> {
  const report = await store.snapshot((rows) => rows.report(saleId));
  if (report === null) throw new Problem('not-found', 'There is no such sale.');
  const figures = await room.figures(saleId).catch(() => 'away' as const);
  return { report, figures };
}

/** What Redis has counted, and where it lost that, what a checkpoint knew besides. */
export async function blockedOf(
  { blocked }: Pick<Parts, 'blocked'>,
  saleId: string,
  memory: Checkpoint | null,
): Promise<Record<string, number>> {
  const known = countersOf(memory?.counters ?? {}, 'blocked');
  const now = await blocked.read(saleId).catch(() => ({ counts: {}, isWhole: false }));
  return now.isWhole ? now.counts : addedCounts(known, now.counts);
}

type Rest = {
  books: SaleBooks & { checkedAt: number };
  memory: Checkpoint | null;
  blocked: Record<string, number>;
  state: SaleSummary['state'];
};

function summaryOf(both: Both, { books, memory, blocked, state }: Rest): SaleSummary {
  const { report } = both;
  const { sale, tally } = report;
  const figures = both.figures === 'away' ? null : both.figures;
  const products = report.products.map((product) => summaryProduct(product, tally));
  const ofRoom = state === 'draft' ? [] : roomSentences(both);
  const differences = [...ofRoom, ...bookDifferences(books.books, namesOf(report))];
  const histogram = figures ? numbers(figures.waits) : countersOf(memory?.counters ?? {}, 'wait');
  return {
    id: sale.id,
    name: sale.name,
    state,
    products,
    totals: totalsOf(products, sale.currency),
    funnel: { ...funnelOf(report, figures, memory), blocked: sumOf(blocked) },
    waits: waitsFrom(histogram),
    blocked,
    orders: orderCounts(tally),
    sellThrough: sellThrough(books.course),
    reconciled: isReconciled(both),
    reconciliation: { checkedAt: books.checkedAt, differences },
  };
}

function lags(both: Both): boolean {
  return both.figures !== null && both.figures !== 'away' && !isReconciled(both);
}

function isReconciled(both: Both): boolean {
  return roomSentences(both).length === 0;
}

/** Where Redis and Postgres differ. */
function roomSentences({ report, figures }: Both): string[] {
  if (figures === 'away') return ['Redis cannot be reached: Postgres alone was read.'];
  if (figures === null) {
    return [
      'Redis has no room of this sale (it goes 48 h after the close): Postgres alone was read.',
    ];
  }
  const { redeemed, active, admitted } = figures;
  const seen = stockFrom(figures.stock);
  const stock: typeof seen = new Map();
  for (const { productId, free, held, sold, isMovedOn } of report.products) {
    if (isMovedOn) seen.delete(productId);
    else stock.set(productId, { free, held, sold });
  }
  return roomDifferences(
    { stock: seen, redeemed, holding: active - admitted },
    { stock, redeemed: report.redeemed, holding: report.tally.orders.awaiting_payment },
    namesOf(report),
  );
}

function namesOf({ products }: SaleReport) {
  const names = new Map(products.map(({ productId, name }) => [productId, name]));
  return (productId: string) => `${names.get(productId) ?? 'A product'} (${productId})`;
}

function funnelOf(
  { redeemed, tally }: SaleReport,
  figures: RoomFigures | null,
  memory: Checkpoint | null,
): Omit<Funnel, 'blocked'> {
  const count = (name: string) => memory?.counters[name] ?? 0;
  return {
    joined: figures?.joinedTotal ?? count('joined'),
    admitted: figures?.admittedTotal ?? count('admitted'),
    issued: figures?.issued ?? count('issued'),
    redeemed,
    paid: tally.orders.paid,
    expired: figures?.expired ?? count('expired'),
    abandoned: figures?.abandoned ?? count('abandoned'),
  };
}

function numbers(texts: Record<string, string>): Record<string, number> {
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, Number(text)]));
}
