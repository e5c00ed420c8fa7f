import { z } from 'zod';
import { saleInfoSchema, saleStates } from '../sale.ts';

/**
 * The room's public snapshot, as `advance.lua` returns it: one small object, the same for
 * everyone. `head` and `breaks` say where in the line a score stands (see `aheadOf`).
 */
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
  abandonSeconds: z.number(),
  tokenSeconds: z.number(),
  /** No checkout can commit: nobody is admitted until one can (D10). Not in older snapshots. */
  halted: z.boolean().default(false),
  info: z.string(),
});

/** Scores of the first 500 in line, rising; then (score, rank) at some 128 breakpoints. */
export type Positions = {
  waiting: number;
  /** The highest number given out when the snapshot was made. */
  last: number;
  head: number[];
  breaks: { score: number; rank: number }[];
};

const stockSchema = z.object({ free: z.number(), held: z.number(), sold: z.number() });

export type RoomSnapshot = Omit<
  z.infer<typeof wireSchema>,
  'head' | 'breaks' | 'stock' | 'info'
> & {
  positions: Positions;
  stock: Map<string, z.infer<typeof stockSchema>>;
  info: z.infer<typeof saleInfoSchema>;
};

/** Parses what `advance.lua` returned; throws a ZodError where it is not a snapshot. */
export function parseSnapshot(json: string): RoomSnapshot {
  const { head, breaks, stock, info, ...rest } = wireSchema.parse(JSON.parse(json));
  return {
    ...rest,
    positions: {
      waiting: rest.waiting,
      last: rest.last,
      head: runningSums(head),
      breaks: parts(breaks).map((pair) => {
        const [score, rank] = numbers(pair);
        return { score: score ?? 0, rank: rank ?? 0 };
      }),
    },
    stock: new Map(parts(stock).map(parseStock)),
    info: saleInfoSchema.parse(JSON.parse(info)),
  };
}

/**
 * How many stand ahead of a score: exact for the first 500 places, and interpolated between two
 * breakpoints beyond. Who came after the snapshot was made stands behind everyone in it.
 */
export function aheadOf(positions: Positions, score: number): number {
  const { head, breaks, waiting, last } = positions;
  const lastOfHead = head.at(-1);
  if (lastOfHead === undefined || score > last) return waiting + Math.max(0, score - last - 1);
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
