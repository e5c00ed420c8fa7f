import { isoTime } from '@fairgate/shared/clock.ts';
import { finishedDraw, type StoredDraw } from '@fairgate/shared/draw/drawing.ts';
import type {
  Revocation,
  RoomBeginning,
  RoomFields,
  RoomFigures,
  StockCount,
  UsedUp,
} from '@fairgate/shared/room/room.ts';
import type { SaleInfo } from '@fairgate/shared/sale.ts';
import { asKind, countersOf } from './counters.ts';
import {
  type AppearanceRecord,
  type ProductRecord,
  type SaleRecord,
  unitsTotal,
} from './records.ts';

/** What Postgres remembers of a room (table `room_checkpoints`). */
export type Checkpoint = {
  next: number;
  frontier: number;
  /** At most this many units were promised to admissions and not bought. */
  outstanding: number;
  /** Totals by name, the histogram as `wait:<bucket>`, refused attempts as `blocked:<reason>`. */
  counters: Record<string, number>;
  takenAt: number;
};

/** Settings of a room that say how many admissions, and how large ones, there may be at a time. */
const bounding = ['admitPerMinute', 'maxActive', 'tokenSeconds', 'maxUnitsPerShopper'] as const;
type Bounding = (typeof bounding)[number];
export type BoundingChange = { [K in Bounding]?: number | undefined };

/** What has to be known of a sale whose room was lost, beside its checkpoint. */
export type Loss = {
  usedUp: UsedUp[];
  /** Units that may be promised to money which came late, and is not decided about. */
  lateUnits: number;
  /** Passes that were spent, each with its visitor. */
  passes: [string, string][];
  /** Settings that were in force at some time since the checkpoint; perhaps earlier ones too. */
  changes: BoundingChange[];
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
  /** The last record of the log. */
  logSeq: number;
  revocations: Revocation[];
  appearance: AppearanceRecord | null;
  /** Of a lottery. */
  draw: StoredDraw | null;
};

/** Between two lanes that both wait. */
const priorityShareDefault = 0.5;

/** Numbers skipped when a room begins again: more than can join between two checkpoints. */
export const numbersMargin = 10_000;
/** Records that may have been in a room that was lost: as many are passed over (`recordsMargin`). */
const recordsMargin = 1_000_000;

/** What the room is told of a sale: all that an admin decides. */
export function roomFields(source: RoomSource): RoomFields {
  const { sale, products, draw, revocations } = source;
  const { room } = sale;
  const look = ownLook(source);
  return {
    name: sale.name,
    mode: sale.mode,
    phase: sale.phase,
    startsAt: sale.startsAt,
    endsAt: sale.endsAt ?? 0,
    info: JSON.stringify({ ...saleInfo(sale, products), ...publicDraw(draw), ...look.info }),
    units: products.reduce((sum, product) => sum + unitsTotal(product.counts), 0),
    admitPerMinute: room.admitPerMinute,
    maxActive: room.maxActive,
    tokenSeconds: room.tokenSeconds,
    abandonSeconds: room.abandonSeconds,
    lobbySeconds: room.lobbySeconds,
    maxUnitsPerShopper: room.maxUnitsPerShopper,
    guaranteeStock: room.guaranteeStock ? 1 : 0,
    message: room.message,
    placesPerAddress: room.placesPerAddress ?? 0,
    priorityShare: room.laneShare?.priority ?? priorityShareDefault,
    revocations: JSON.stringify(revocations),
    appearance: look.text,
  };
}

/** The look as isolates read it, and what tells them that there is one, and which. */
function ownLook({ appearance: record }: RoomSource) {
  if (record === null || Object.keys(record.appearance).length === 0) return {};
  const { version, appearance } = record;
  return { info: { appearance: { version } }, text: JSON.stringify({ version, appearance }) };
}

/** What shoppers see of a sale that an admin decides. */
export function saleInfo(sale: SaleRecord, products: ProductRecord[]): SaleInfo {
  return {
    id: sale.id,
    name: sale.name,
    mode: sale.mode,
    startsAt: isoTime(sale.startsAt),
    endsAt: sale.endsAt === null ? null : isoTime(sale.endsAt),
    bindTokens: sale.room.bindTokens,
    challenge: sale.room.challenge,
    challengeAt: sale.room.challengeAt,
    placesPerAddress: sale.room.placesPerAddress,
    identity: sale.room.identity,
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

/** The commitment from publishing on, the secret only once it can change nothing any more. */
function publicDraw(draw: StoredDraw | null): Pick<SaleInfo, 'drawCommitment' | 'drawSeed'> {
  if (draw === null) return {};
  const { commitment: drawCommitment, secret: drawSeed } = draw;
  return draw.drawnAt === null ? { drawCommitment } : { drawCommitment, drawSeed };
}

/** The picture of the stock that goes with it. */
export function stockPicture({ products }: RoomSource): StockCount[] {
  return products.map((product) => ({ productId: product.id, ...product.counts }));
}

/** A token that expired is settled within this time (the checkouts wait 5 s for skew). */
const settleMs = 10_000;
/** Late money waits so long for its room to answer at most. */
const lateMs = 60_000;

/**
 * What a room begins with where Redis has none: zeros for a sale that never had a room, and what
 * the last checkpoint knew, with margins for what happened after it, for one that was lost.
 */
export function roomBeginning(source: RoomSource, loss: Loss | null, nowMs: number): RoomBeginning {
  const { checkpoint } = source;
  const count = (name: string) => checkpoint?.counters[name] ?? 0;
  return {
    next: checkpoint === null ? 0 : checkpoint.next + numbersMargin,
    frontier: checkpoint?.frontier ?? 0,
    free: source.products.reduce((sum, product) => sum + product.counts.free, 0),
    ...(checkpoint === null ? nothingAlive : aliveBound(source, checkpoint, loss, nowMs)),
    settledFrom: source.settledFrom,
    joined: count('joined'),
    admitted: count('admitted'),
    issued: count('issued'),
    redeemed: source.redeemed,
    expired: count('expired'),
    abandoned: count('abandoned'),
    holding: source.holding,
    passes: loss?.passes ?? [],
    waits: countersOf(checkpoint?.counters ?? {}, 'wait'),
    frontierPriority: count('frontierPriority'),
    epoch: checkpoint === null ? 0 : count('epoch') + 1,
    logSeq: source.logSeq === 0 ? 0 : source.logSeq + recordsMargin,
    draw: source.draw === null ? null : finishedDraw(source.draw),
  };
}

/** The part of a room's figures that would have to be known if Redis were emptied now. */
export function checkpointOf(
  figures: RoomFigures,
  blocked: Readonly<Record<string, number>>,
  nowMs: number,
): Checkpoint {
  const counters: Record<string, number> = {
    joined: figures.joinedTotal,
    admitted: figures.admittedTotal,
    issued: figures.issued,
    redeemed: figures.redeemed,
    expired: figures.expired,
    abandoned: figures.abandoned,
    frontierPriority: figures.frontierPriority,
    epoch: figures.epoch,
    revision: figures.revision,
    aliveAdmissions: figures.alive.admissions,
    aliveMs: figures.alive.ms,
    ...asKind(blocked, 'blocked'),
  };
  for (const [bucket, count] of Object.entries(figures.waits)) {
    counters[`wait:${bucket}`] = Number(count);
  }
  for (const name of bounding) counters[name] = figures[name];
  const { alive } = figures;
  // `figures.outstanding` counts bought units too, which Postgres knows better by then.
  const outstanding = Math.min(figures.outstanding, alive.units);
  return { next: figures.next, frontier: figures.frontier, outstanding, counters, takenAt: nowMs };
}

const nothingAlive = { outstanding: 0, outstandingActive: 0, outstandingMs: 0 };

/**
 * What admissions of before a loss may still buy at most: those that the checkpoint knew, and all
 * that the settings of any moment since then allowed. Durations, for the room's clock is its own.
 */
function aliveBound(
  { sale }: RoomSource,
  { counters, outstanding, takenAt }: Checkpoint,
  loss: Loss | null,
  nowMs: number,
) {
  const most = (name: Bounding) => {
    const changed = (loss?.changes ?? []).map((change) => change[name] ?? 0);
    return Math.max(sale.room[name], counters[name] ?? 0, ...changed);
  };
  const perSecond = most('admitPerMinute') / 60;
  const burst = Math.max(1, perSecond);
  const passedSeconds = Math.max(1, (nowMs - takenAt) / 1_000);
  const allowed = Math.ceil(burst + perSecond * passedSeconds);
  const admissions = Math.min(most('maxActive'), allowed);
  const alive = counters.aliveAdmissions ?? 0;
  const lateUnits = loss?.lateUnits ?? 0;
  const longestMs = Math.max(counters.aliveMs ?? 0, most('tokenSeconds') * 1_000);
  return {
    outstanding: outstanding + admissions * most('maxUnitsPerShopper') + lateUnits,
    outstandingActive: Math.min(Math.max(alive, most('maxActive')), alive + admissions),
    // Past their expiry by the time in which a spend of the last moment is reported.
    outstandingMs: Math.max(longestMs, lateUnits > 0 ? lateMs : 0) + settleMs,
  };
}
