import { z } from 'zod';
import { permutation } from '../draw/permutation.ts';
import type { Lane } from '../place.ts';
import { saleInfoSchema, saleStates } from '../sale.ts';

/**
 * The room's public snapshot, as `advance.lua` returns it: one small object, the same for
 * everyone. `head` and `breaks` say where in the line a score stands (see `aheadOf`).
 */
const paceSchema = z.object({ low: z.number(), high: z.number() });

const wireSchema = z.object({
  asOf: z.number(),
  state: z.enum(saleStates),
  message: z.string(),
  frontier: z.number(),
  waiting: z.number(),
  last: z.number(),
  head: z.string(),
  breaks: z.string(),
  stock: z.string(),
  admitPerMinute: z.number(),
  admittedPerMinute: z.number(),
  unitsLeft: z.number(),
  unitsHeld: z.number(),
  budget: z.number(),
  guaranteeStock: z.boolean(),
  startsAt: z.number(),
  endsAt: z.number(),
  /** Not in older snapshots. */
  lobbySeconds: z.number().default(0),
  abandonSeconds: z.number(),
  tokenSeconds: z.number(),
  /** No checkout can commit: nobody is admitted until one can (D10). Not in older snapshots. */
  halted: z.boolean().default(false),
  /** Admissions in a minute, in the slowest and the fastest of the last six windows of 10 s. */
  pace: paceSchema.nullable().default(null),
  /** Units bought for each admission that ended, and who was gone before their turn; smoothed. */
  buyShare: z.number().nullable().default(null),
  absentShare: z.number().default(0),
  /** The priority lane, once somebody stood in it; `frontier`, `waiting`, `head`, `breaks` are main's. */
  priority: z
    .object({
      frontier: z.number(),
      waiting: z.number(),
      head: z.string(),
      breaks: z.string(),
      /** What it gets of all admissions while both lanes wait. */
      share: z.number(),
    })
    .optional(),
  /** Of a lottery, once every entrant has a rank: what the ranks follow from. */
  drawn: z.object({ key: z.string(), entrants: z.number() }).nullable().default(null),
  /** Ranges of numbers that were revoked, `from-to,...`. */
  revoked: z.string().default(''),
  epoch: z.number().default(0),
  info: z.string(),
});

/** Scores of the first 500 in line, rising; then (score, rank) at some 128 breakpoints. */
export type Positions = {
  waiting: number;
  /** The highest number given out when the snapshot was made. */
  last: number;
  /** Of the numbers given out since, how many are of this lane, as far as can be told. */
  share: number;
  head: number[];
  breaks: { score: number; rank: number }[];
};

const stockSchema = z.object({ free: z.number(), held: z.number(), sold: z.number() });

/** A lane: `frontier` in scores, as its positions are. */
export type LaneView = { frontier: number; positions: Positions };

type Left = 'head' | 'breaks' | 'stock' | 'info' | 'priority' | 'frontier' | 'revoked';
export type RoomSnapshot = Omit<z.infer<typeof wireSchema>, Left> & {
  /** `waiting` of the snapshot is that of all lanes. */
  lanes: Record<Lane, LaneView>;
  /** What the priority lane gets of all admissions while both wait. */
  priorityShare: number;
  revoked: readonly (readonly [from: number, to: number])[];
  /** Where a number stands in its lane: by rank where it was drawn. */
  scoreOf(number: number): number;
  stock: Map<string, z.infer<typeof stockSchema>>;
  info: z.infer<typeof saleInfoSchema>;
};

/** Those who were drawn stand below all numbers, by rank (prelude.lua). */
const drawnBase = 2 ** 30;

/** Parses what `advance.lua` returned; throws a ZodError where it is not a snapshot. */
export function parseSnapshot(json: string): RoomSnapshot {
  const wire = wireSchema.parse(JSON.parse(json));
  const { head, breaks, stock, info, priority, frontier, waiting, revoked, ...rest } = wire;
  const other = priority ?? { frontier: 0, waiting: 0, head: '', breaks: '', share: 0 };
  const all = waiting + other.waiting;
  const lane = (part: LaneWire) => {
    const share = all === 0 ? 1 : part.waiting / all;
    return laneView(part, { last: rest.last, share });
  };
  return {
    ...rest,
    waiting: waiting + other.waiting,
    lanes: { main: lane({ frontier, waiting, head, breaks }), priority: lane(other) },
    priorityShare: other.share,
    revoked: parts(revoked).map((range) => {
      const [from = 0, to = 0] = range.split('-').map(Number);
      return [from, to] as const;
    }),
    scoreOf: scores(rest.drawn),
    stock: new Map(parts(stock).map(parseStock)),
    info: saleInfoSchema.parse(JSON.parse(info)),
  };
}

type LaneWire = { frontier: number; waiting: number; head: string; breaks: string };

function laneView(
  { frontier, waiting, head, breaks }: LaneWire,
  since: Pick<Positions, 'last' | 'share'>,
): LaneView {
  const marks = parts(breaks).map((pair) => {
    const [score = 0, rank = 0] = numbers(pair);
    return { score, rank };
  });
  return { frontier, positions: { waiting, ...since, head: runningSums(head), breaks: marks } };
}

/** The tables of a permutation take a millisecond to make, and each snapshot asks for the same. */
let lastDraw: { key: string; entrants: number; rankOf: (number: number) => number } | null = null;

function scores(drawn: { key: string; entrants: number } | null): (number: number) => number {
  if (drawn === null || drawn.entrants === 0) return (number) => number;
  const { key, entrants } = drawn;
  if (lastDraw?.key !== key || lastDraw.entrants !== entrants) {
    lastDraw = { key, entrants, rankOf: permutation(key, entrants).rankOf };
  }
  const { rankOf } = lastDraw;
  return (number) => (number >= 1 && number <= entrants ? rankOf(number) - drawnBase : number);
}

/** What everybody is told: the rank of who was drawn, and the number of everybody else. */
export function shownNumber({ scoreOf }: Pick<RoomSnapshot, 'scoreOf'>, number: number): number {
  const score = scoreOf(number);
  return score < 0 ? score + drawnBase : number;
}

/**
 * How many stand ahead of a score: exact for the first 500 places, and interpolated between two
 * breakpoints beyond. Who came after the snapshot was made stands behind everyone in it.
 */
export function aheadOf(positions: Positions, score: number): number {
  const { head, breaks, waiting, last } = positions;
  const lastOfHead = head.at(-1);
  if (lastOfHead === undefined || score > last) {
    return waiting + Math.round(Math.max(0, score - last - 1) * positions.share);
  }
  if (score <= lastOfHead) return firstAtLeast(head, (value) => value, score);
  let below = { score: lastOfHead, rank: head.length - 1 };
  const at = firstAtLeast(breaks, (mark) => mark.score, score);
  below = breaks[at - 1] ?? below;
  const above = breaks[at] ?? { score: last, rank: waiting - 1 };
  if (above.score <= below.score) return Math.min(below.rank, waiting);
  const share = (score - below.score) / (above.score - below.score);
  return Math.min(waiting, Math.round(below.rank + share * (above.rank - below.rank)));
}

function firstAtLeast<T>(
  sorted: readonly T[],
  scoreOf: (item: T) => number,
  score: number,
): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const item = sorted[middle];
    if (item !== undefined && scoreOf(item) < score) low = middle + 1;
    else high = middle;
  }
  return low;
}

function parts(list: string): string[] {
  return list === '' ? [] : list.split(',');
}

function numbers(pair: string): number[] {
  return pair.split(':').map(Number);
}

function runningSums(deltas: string): number[] {
  let sum = 0;
  return parts(deltas).map((delta) => {
    sum += Number(delta);
    return sum;
  });
}

function parseStock(entry: string): [string, z.infer<typeof stockSchema>] {
  const [product = '', counts = ''] = entry.split('=');
  const [free = 0, held = 0, sold = 0] = numbers(counts);
  return [product, { free, held, sold }];
}
