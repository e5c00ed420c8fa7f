import { permutation } from '../draw/permutation.ts';
import { auditor, type RankOf } from './auditor.ts';
import type { FairnessFacts } from './fairness.ts';
import type { PostgresLog } from './postgres-log.ts';
import { parseLine } from './record.ts';

/** One admission against its arrival. Times in ms since the epoch. */
export type Arrival = {
  lane: string;
  number: number;
  /** Where it stood: its rank in the draw, or its number. */
  rank: number;
  /** Null where the log lost the join. */
  joinedAt: number | null;
  admittedAt: number;
  /** Which admission of its lane it was, from 1 on. */
  order: number;
  /** Somebody of the lane, who was present, stood ahead. */
  isInversion: boolean;
};

type Audited = { seq: number; admitted: number; inversions: number };

/** What was audited of a log, all lanes together. */
export function auditedOf({ audit }: Pick<FairnessFacts, 'audit'>): Audited {
  const lanes = Object.values(audit?.lanes ?? {});
  return {
    seq: audit?.seq ?? 0,
    admitted: lanes.reduce((sum, lane) => sum + lane.admitted, 0),
    inversions: lanes.reduce((sum, lane) => sum + lane.inversions, 0),
  };
}

/**
 * Admissions of the audited part of a log, evenly spread, `most` at most: always the first, the last
 * and every inversion. The log is read some blocks at a time, and of those who joined eight bytes
 * are kept; where there are inversions, an auditor reads along to find them.
 */
export async function sampleArrivals(
  log: Pick<PostgresLog, 'blocksAfter'>,
  facts: FairnessFacts,
  most: number,
): Promise<Arrival[]> {
  const audited = auditedOf(facts);
  const rankOf = ranksOf(facts);
  const inverted = new Set<string>();
  const watch = auditor(
    () => rankOf,
    ({ lane, number, seq }) => inverted.add(`${seq} ${lane} ${number}`),
  );
  const sample = sampler(audited, rankOf, most);
  for (let seq = 0; seq < audited.seq; ) {
    const blocks = await log.blocksAfter(facts.saleId, seq);
    if (blocks.length === 0) break;
    for (const { body, lastSeq } of blocks) {
      seq = lastSeq;
      if (lastSeq > audited.seq) break;
      if (audited.inversions > 0) {
        for (const text of body.split('\n')) if (text !== '') watch.take(parseLine(text));
      }
      sample.take(body, (who) => inverted.has(who));
      inverted.clear();
    }
  }
  return sample.arrivals;
}

function ranksOf({ mode, draw }: FairnessFacts): RankOf {
  const isDrawn = mode === 'lottery' && draw?.key && draw.drawnAt !== null;
  if (!isDrawn || !draw.key || !draw.entrants) return (number) => number;
  const { entrants } = draw;
  const { rankOf } = permutation(draw.key, entrants);
  return (number) => (number <= entrants ? rankOf(number) : number);
}

/** Fields stand in this order, always (`lineText`); other kinds of lines are passed over. */
const lines =
  /"seq":(\d+),"at":(\d+),"kind":"(joined|admitted)","lane":"([a-z-]+)","number":(\d+)/g;

function sampler({ admitted, inversions }: Audited, rankOf: RankOf, most: number) {
  const arrivals: Arrival[] = [];
  const joinedAt = timesByNumber();
  const orders = new Map<string, number>();
  const isPicked = evenly(admitted, Math.max(2, most - inversions));
  let seen = 0;
  const admit = (line: Omit<Arrival, 'rank' | 'joinedAt' | 'order'>) => {
    const order = (orders.get(line.lane) ?? 0) + 1;
    orders.set(line.lane, order);
    const picked = isPicked(seen) || (line.isInversion && arrivals.length < most - 1);
    seen += 1;
    if (!picked) return;
    const { number } = line;
    arrivals.push({ ...line, rank: rankOf(number), joinedAt: joinedAt.of(number), order });
  };
  return {
    arrivals,
    take(body: string, isInverted: (who: string) => boolean) {
      for (const [, seq, at, kind, lane = '', numberText] of body.matchAll(lines)) {
        const number = Number(numberText);
        if (kind === 'joined') joinedAt.note(number, Number(at));
        else {
          const isInversion = isInverted(`${seq} ${lane} ${numberText}`);
          admit({ lane, number, admittedAt: Number(at), isInversion });
        }
      }
    },
  };
}

/** Whether one is among `picked` of `total`, counted from 0: the first, the last, and as many between. */
function evenly(total: number, picked: number): (index: number) => boolean {
  if (total <= picked) return () => true;
  const step = (index: number) => Math.floor((index * (picked - 1)) / (total - 1));
  return (index) => index === 0 || step(index) > step(index - 1);
}

const chunk = 65_536;

/** Eight bytes for each number, in pieces: numbers may jump after a loss. */
function timesByNumber() {
  const chunks = new Map<number, Float64Array>();
  return {
    note(number: number, at: number): void {
      const key = Math.floor(number / chunk);
      const times = chunks.get(key) ?? new Float64Array(chunk);
      chunks.set(key, times);
      times[number % chunk] = at;
    },
    of: (number: number) => chunks.get(Math.floor(number / chunk))?.[number % chunk] || null,
  };
}
