import { isoTime } from '@fairgate/shared/clock.ts';
import type {
  RoomBeginning,
  RoomFields,
  RoomFigures,
  StockCount,
} from '@fairgate/shared/room/room.ts';
import type { SaleInfo } from '@fairgate/shared/sale.ts';
import { type ProductRecord, type SaleRecord, unitsTotal } from './records.ts';

/** What Postgres remembers of a room (table `room_checkpoints`). */
export type Checkpoint = {
  next: number;
  frontier: number;
  /** At most this many units were promised to admissions and not bought. */
  outstanding: number;
  /** Totals by name, and the histogram of waits as `wait:<bucket>`. */
  counters: Record<string, number>;
  takenAt: number;
};

/** Everything of Postgres that a room is made from, read in one snapshot. */
export type RoomSource = {
  sale: SaleRecord;
  products: ProductRecord[];
  checkpoint: Checkpoint | null;
  redeemed: number;
  /** Orders that await payment. */
  holding: { jti: string; payBefore: number; units: number }[];
  /** The last id of the outbox: reports up to it are in these counts already. */
  settledFrom: number;
  pictureVersion: number;
};

/** Numbers skipped when a room begins again: more than can join between two checkpoints. */
const numbersMargin = 10_000;

/** What the room is told of a sale: all that an admin decides. */
export function roomFields({ sale, products }: RoomSource): RoomFields {
  const { room } = sale;
  return {
    name: sale.name,
    mode: sale.mode,
    phase: sale.phase,
    startsAt: sale.startsAt,
    endsAt: sale.endsAt ?? 0,
    info: JSON.stringify(saleInfo(sale, products)),
    units: products.reduce((sum, product) => sum + unitsTotal(product.counts), 0),
    admitPerMinute: room.admitPerMinute,
    maxActive: room.maxActive,
    tokenSeconds: room.tokenSeconds,
    abandonSeconds: room.abandonSeconds,
    lobbySeconds: room.lobbySeconds,
    maxUnitsPerShopper: room.maxUnitsPerShopper,
    guaranteeStock: room.guaranteeStock ? 1 : 0,
    message: room.message,
  };
}

function saleInfo(sale: SaleRecord, products: ProductRecord[]): SaleInfo {
  return {
    id: sale.id,
    name: sale.name,
    mode: sale.mode,
    startsAt: isoTime(sale.startsAt),
    endsAt: sale.endsAt === null ? null : isoTime(sale.endsAt),
    bindTokens: sale.room.bindTokens,
    products: products.map((product) => ({
      id: product.id,
      name: product.name,
      description: product.description,
      imageUrl: product.imageUrl,
      priceMinor: product.priceMinor,
      currency: product.currency,
      total: unitsTotal(product.counts),
    })),
  };
}

/** The picture of the stock that goes with it. */
export function stockPicture({ products }: RoomSource): StockCount[] {
  return products.map((product) => ({ productId: product.id, ...product.counts }));
}

/** A token that expired is settled within this time (the checkouts wait 5 s for skew). */
const settleMs = 10_000;

/**
 * What a room begins with where Redis has none: zeros for a sale that never had a room, and what
 * the last checkpoint knew, with margins for what happened after it, for one that was lost.
 */
export function roomBeginning(source: RoomSource, nowMs: number): RoomBeginning {
  const { checkpoint, sale } = source;
  const count = (name: string) => checkpoint?.counters[name] ?? 0;
  return {
    next: checkpoint === null ? 0 : checkpoint.next + numbersMargin,
    frontier: checkpoint?.frontier ?? 0,
    free: source.products.reduce((sum, product) => sum + product.counts.free, 0),
    outstanding: checkpoint === null ? 0 : outstandingBound(checkpoint, sale, nowMs),
    // Past their expiry by the time in which a spend of the last moment is reported.
    outstandingUntil: nowMs + sale.room.tokenSeconds * 1_000 + settleMs,
    settledFrom: source.settledFrom,
    joined: count('joined'),
    admitted: count('admitted'),
    issued: count('issued'),
    redeemed: source.redeemed,
    expired: count('expired'),
    abandoned: count('abandoned'),
    holding: source.holding,
  };
}

/** The part of a room's figures that would have to be known if Redis were emptied now. */
export function checkpointOf(figures: RoomFigures, sale: SaleRecord, nowMs: number): Checkpoint {
  const counters: Record<string, number> = {
    joined: figures.joinedTotal,
    admitted: figures.admittedTotal,
    issued: figures.issued,
    redeemed: figures.redeemed,
    expired: figures.expired,
    abandoned: figures.abandoned,
  };
  for (const [bucket, count] of Object.entries(figures.waits)) {
    counters[`wait:${bucket}`] = Number(count);
  }
  // `figures.outstanding` counts bought units too, which Postgres knows better by then.
  const alive = figures.carried + figures.admitted * sale.room.maxUnitsPerShopper;
  const outstanding = Math.min(figures.outstanding, alive);
  return { next: figures.next, frontier: figures.frontier, outstanding, counters, takenAt: nowMs };
}

/** Promises that may be alive: those of the checkpoint, and all that the rate allowed since. */
function outstandingBound(checkpoint: Checkpoint, sale: SaleRecord, nowMs: number): number {
  const { admitPerMinute, maxActive, maxUnitsPerShopper } = sale.room;
  const perSecond = admitPerMinute / 60;
  const burst = Math.max(1, perSecond);
  const passedSeconds = Math.max(1, (nowMs - checkpoint.takenAt) / 1_000);
  const admissions = Math.min(maxActive, Math.ceil(burst + perSecond * passedSeconds));
  return checkpoint.outstanding + admissions * maxUnitsPerShopper;
}
