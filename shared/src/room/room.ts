import { z } from 'zod';
import type { FinishedDraw } from '../draw/drawing.ts';
import type { Lane } from '../place.ts';
import { saleStates } from '../sale.ts';
import type { BooksQuestion, RoomBooks } from './books.ts';
import type { RoomSnapshot } from './snapshot.ts';
import type { RoomStandings } from './standings.ts';

/** Within this age a stored snapshot serves, so that a hundred gateways cost no more than one. */
export const snapshotAgeMsMax = 500;

/** The visitor is bound to a key in this sale, and came with none, or with another. */
export type KeyFault = 'key-needed' | 'other-key';

export type JoinReply = {
  outcome:
    | 'joined'
    | 'kept'
    | 'unknown'
    | 'sale-not-open'
    | 'sold-out'
    | 'too-many-places'
    | 'pass-spent'
    | 'revoked'
    | KeyFault;
  number: number;
  ordinal: number;
  state: string;
  score: number;
  lane: Lane;
};

/** `number` is the place's own, which a draw does not change. `jkt`: thumbprint of the key shown. */
export type LookQuestion = {
  visitor: string;
  number: number;
  ordinal: number;
  jkt?: string | undefined;
  /** `main` where left out. */
  lane?: Lane | undefined;
};
export type JoinQuestion = LookQuestion & {
  /** Digest of address or /64, where the sale limits places per address. */
  address?: string | undefined;
  /** Id of a pass whose signature is good: it is spent by who enters the priority lane with it. */
  pass?: string | undefined;
  /** Identity was proven: the key that is shown, or none, takes the place of the one before. */
  moves?: boolean | undefined;
};

/** Who joins without a ticket of this sale. */
export function newcomer(visitor: string): LookQuestion {
  return { visitor, number: 0, ordinal: 1 };
}

/** A token that was used up before a room was made anew; `ordinal` counts a visitor's lapsed ones. */
export type UsedUp = {
  visitor: string;
  number: number;
  jti: string;
  state: 'done' | 'expired';
  ordinal: number;
};

/** A token past its time that nobody has reported spent. */
export type DueToken = { jti: string; visitor: string; promise: number; number: number };

export type LookReply = {
  state: 'waiting' | 'admitted' | 'issued' | 'done' | 'expired' | 'left' | 'revoked' | 'unknown';
  number: number;
  ordinal: number;
  score: number;
  admittedAtMs: number;
  untilMs: number;
  promise: number;
  lane: Lane;
  /** They wait exactly where their ticket says. */
  isOwn: boolean;
};

export type TakeReply = {
  outcome:
    | 'issued'
    | 'ordinal'
    | 'not-admitted'
    | 'done'
    | 'expired'
    | 'left'
    | 'revoked'
    | 'unknown'
    | KeyFault;
  /** As it is shown: the rank of who was drawn. */
  number: number;
  ordinal: number;
  admittedAtMs: number;
  untilMs: number;
  promise: number;
  /** The place's own number. */
  place: number;
};

export type LeaveReply = 'left' | 'kept' | 'revoked' | 'unknown' | KeyFault;

/** `none`: the budget is too small, or the key's promise came back already. */
export type PromiseReply = 'promised' | 'none' | 'no-room';

/** What a checkout reports about a token, or about an order that was bought again; see `settle.lua`. */
export type SettleReport = {
  kind: 'spent' | 'extended' | 'ended' | 'lapsed' | 'bought';
  seq: number;
  jti: string;
  visitor: string;
  number: number;
  max: number;
  taken: number;
  returned: number;
  payBefore: number;
  /** Of `ended`: the outbox id of its `spent` or `bought`, if that waited there yet; 0: it did not. */
  after?: number;
};

export type RoomFields = {
  name: string;
  mode: string;
  phase: string;
  startsAt: number;
  endsAt: number;
  /** JSON of SaleInfo. */
  info: string;
  units: number;
  admitPerMinute: number;
  maxActive: number;
  tokenSeconds: number;
  abandonSeconds: number;
  lobbySeconds: number;
  maxUnitsPerShopper: number;
  guaranteeStock: 0 | 1;
  message: string;
  /** Places that one address may have at a time; 0: any number. */
  placesPerAddress: number;
  /** What the priority lane gets of all admissions while both wait, 0 to 1. */
  priorityShare: number;
  /** JSON of Revocation[]: each acts once, by its id. */
  revocations: string;
  /** JSON of the shop's own look (`publishedAppearanceSchema`), where the sale has one. */
  appearance?: string | undefined;
};

/** Ends places with numbers up to `to`: of one visitor, or of all whose number is `from` or more. */
export type Revocation = { id: string; to: number } & ({ visitor: string } | { from: number });

/** What a room begins with: zeros for a new sale, Postgres' memory for one that was lost. */
export type RoomBeginning = {
  next: number;
  frontier: number;
  free: number;
  /** Units that admissions of before the loss may still buy, how many these are, and for how long. */
  outstanding: number;
  outstandingActive: number;
  outstandingMs: number;
  settledFrom: number;
  joined: number;
  admitted: number;
  issued: number;
  redeemed: number;
  expired: number;
  abandoned: number;
  frontierPriority: number;
  /** How often the room was lost. */
  epoch: number;
  /** The log goes on behind this record: above any that may be in Postgres. */
  logSeq: number;
  /** None where left out: orders awaiting payment (ms), passes with their visitors, waits by bucket. */
  holding?: { jti: string; payBefore: number; units: number }[];
  passes?: [string, string][];
  waits?: Record<string, number>;
  /** Of a lottery whose key stands. */
  draw?: Pick<FinishedDraw, 'key' | 'entrants'> | null;
};

export type StockCount = { productId: string; free: number; held: number; sold: number };

const flatMap = z
  .string()
  .transform((json) => z.array(z.string()).catch([]).parse(JSON.parse(json)))
  .transform((flat) => {
    const map: Record<string, string> = {};
    for (let i = 0; i < flat.length; i += 2) map[flat[i] ?? ''] = flat[i + 1] ?? '';
    return map;
  });

export const roomFiguresSchema = z.object({
  state: z.enum(saleStates),
  revision: z.number(),
  waiting: z.number(),
  admitted: z.number(),
  active: z.number(),
  issued: z.number(),
  redeemed: z.number(),
  expired: z.number(),
  left: z.number(),
  abandoned: z.number(),
  joinedTotal: z.number(),
  admittedTotal: z.number(),
  joinedPerMinute: z.number(),
  admittedPerMinute: z.number(),
  oldestWaitSeconds: z.number(),
  next: z.number(),
  frontier: z.number(),
  frontierPriority: z.number(),
  epoch: z.number(),
  /** Places that one address had at most at a time, where they are counted. */
  placesPerAddressMost: z.number(),
  /** Of a lottery whose lobby has ended, with the highest number in it and its record in the log. */
  draw: z.object({ lobbyLast: z.number(), lobbySeq: z.number(), drawn: z.boolean() }).nullable(),
  outstanding: z.number(),
  units: z.number(),
  /** What admissions may still buy, for so long: to be kept should Redis be emptied. */
  alive: z.object({ admissions: z.number(), units: z.number(), ms: z.number() }),
  /** Settings as the room has them. */
  admitPerMinute: z.number(),
  maxActive: z.number(),
  tokenSeconds: z.number(),
  maxUnitsPerShopper: z.number(),
  /** Histogram: bucket i counts waits of about 1.15^i - 1 seconds. */
  waits: flatMap,
  /** product -> `free:held:sold`, and `free`, `held`, `total`, `version`. */
  stock: flatMap,
});
export type RoomFigures = z.infer<typeof roomFiguresSchema>;

/**
 * The room's commands over one connection. Every command may be sent twice without a further
 * effect (ioredis sends again after a lost connection; FACTS). Errors are the connection's own.
 */
export type Room = RoomStandings & {
  /** With the free units alone it makes no room where there is none. */
  configure(
    saleId: string,
    revision: number,
    fields: RoomFields,
    start: RoomBeginning | Pick<RoomBeginning, 'free'>,
  ): Promise<'created' | 'updated' | 'kept' | 'no-room'>;
  /** Each with the ticket that they show, or as a `newcomer`. */
  join(saleId: string, joiners: JoinQuestion[]): Promise<JoinReply[]>;
  look(saleId: string, questions: LookQuestion[]): Promise<LookReply[]>;
  /** `jkt`: the key in the ticket, which the token will name. */
  take(
    saleId: string,
    visitor: string,
    ordinal: number,
    jti: string,
    jkt?: string,
  ): Promise<TakeReply>;
  leave(saleId: string, ticket: LookQuestion): Promise<LeaveReply>;
  /** Null where there is no such room. */
  advance(saleId: string, ageMsMax?: number): Promise<RoomSnapshot | null>;
  /** As `advance`, unparsed: the JSON, or '' where there is no such room. */
  advanceJson(saleId: string, ageMsMax?: number): Promise<string>;
  settle(saleId: string, reports: SettleReport[]): Promise<'taken' | 'no-room'>;
  picture(saleId: string, version: number, counts: StockCount[]): Promise<'stored' | 'older'>;
  due(saleId: string, passedMs: number, limit: number): Promise<DueToken[]>;
  figures(saleId: string): Promise<RoomFigures | null>;
  remember(saleId: string, usedUp: UsedUp[]): Promise<'remembered' | 'no-room'>;
  /**
   * Takes units of the budget under `key` (`again:<orderId>`), before free units are taken for late
   * money. Then one report of that key: `bought` in the transaction that takes the units, or
   * `ended` with `taken: 0, returned: 0` where none was taken. When that order is refunded:
   * `ended` with `taken` and `returned` its units. `max` is `units` in each.
   */
  promise(saleId: string, key: string, units: number): Promise<PromiseReply>;
  /** A checkout could commit: till then (by the room's clock, which is told) people are admitted. */
  lease(saleId: string, until: number): Promise<{ outcome: 'leased' | 'no-room'; now: number }>;
  /** What the room believes, for a checkout to compare with Postgres; null where there is no room. */
  books(saleId: string, question: BooksQuestion): Promise<RoomBooks | null>;
  /** Corrects the count of units that are gone and of redemptions, once for each `mended`. */
  mend(
    saleId: string,
    mended: number,
    units: number,
    redeemed: number,
  ): Promise<'mended' | 'stale' | 'no-room'>;
  /** Forgets records of the log up to `upToSeq`, and gives the next ones (`parseRecord`). */
  log(saleId: string, upToSeq: number, limit: number): Promise<{ records: string[] }>;
  /** Gives entrants their ranks, in steps of a few ms each: `more` asks for another call. */
  draw(
    saleId: string,
    draw: Pick<FinishedDraw, 'key' | 'entrants'>,
  ): Promise<'more' | 'drawn' | 'no-room'>;
  /**
   * A fault of ours kept whoever holds this token from buying: they get `ms` more, once. `until` is
   * the admission's deadline in ms then.
   */
  fault(
    saleId: string,
    visitor: string,
    jti: string,
    ms: number,
  ): Promise<{ outcome: 'given' | 'kept' | 'no-room'; until: number }>;
};
