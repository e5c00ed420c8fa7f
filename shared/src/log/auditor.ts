import { type Heap, minHeap } from './heap.ts';
import type { LogLine } from './record.ts';

/** By lane: how many joined, how many were let in, and how many of these before their turn. */
export type LaneCounts = { joined: number; admitted: number; inversions: number };
export type AuditReport = { seq: number; lanes: Record<string, LaneCounts> };

export type Auditor = {
  /** Lines in the order of the log. */
  take(line: LogLine): void;
  report(): AuditReport;
};

/** Gives the rank of a lobby number in the finished draw. */
export type RankOf = (number: number) => number;

type Standing = { number: number; key: number };
type Lane = { present: Map<number, Standing>; ahead: Heap<Standing>; counts: LaneCounts };

/**
 * Counts inversions: admissions while somebody of the same lane, who was present, stood ahead
 * (CONTRACT.md 7.3). Memory: one standing for each who waits, and one for each who came back or went
 * until it comes to the top. `rankOf`: of a drawn sale, needed once its line `drawn` is met.
 * `onInversion` hears each of them.
 */
export function auditor(
  rankOf: () => RankOf,
  onInversion: (line: LogLine) => void = () => {},
): Auditor {
  const lanes = new Map<string, Lane>();
  let seq = 0;
  let drawn: { entrants: number; rankOf: RankOf } | null = null;

  const laneOf = (name: string): Lane => {
    const known = lanes.get(name) ?? newLane();
    lanes.set(name, known);
    return known;
  };
  const keyOf = (number: number) =>
    drawn !== null && number <= drawn.entrants ? drawn.rankOf(number) : number;

  function admit(line: LogLine): void {
    const { lane: name, number } = line;
    const lane = laneOf(name);
    const key = lane.present.get(number)?.key ?? keyOf(number);
    lane.present.delete(number);
    lane.counts.admitted += 1;
    const first = firstPresent(lane);
    if (first === undefined || first.key >= key) return;
    lane.counts.inversions += 1;
    onInversion(line);
  }

  function rankAll(entrants: number): void {
    drawn = { entrants, rankOf: rankOf() };
    for (const lane of lanes.values()) {
      const { present } = lane;
      lane.present = new Map();
      lane.ahead = newAhead();
      for (const number of present.keys()) stand(lane, number, keyOf(number));
    }
  }

  return {
    take(line) {
      seq = line.seq;
      switch (line.kind) {
        case 'joined':
          laneOf(line.lane).counts.joined += 1;
          return stand(laneOf(line.lane), line.number, keyOf(line.number));
        case 'back':
          return stand(laneOf(line.lane), line.number, scoreOf(line) ?? keyOf(line.number));
        case 'left':
        case 'away':
        case 'revoked':
        // After a loss it may be known late that a place in the line has ended.
        case 'spent':
        case 'expired':
          return void laneOf(line.lane).present.delete(line.number);
        case 'admitted':
          return admit(line);
        case 'drawn':
          return rankAll(line.entrants ?? 0);
        case 'recovered':
          // Nobody stands anywhere until their ticket has put them back.
          for (const lane of lanes.values()) lane.present.clear();
          return;
        case 'issued':
        case 'lapsed':
        case 'returned':
        case 'closed-lobby':
        case 'opened':
          return;
      }
    },
    report: () => ({
      seq,
      lanes: Object.fromEntries([...lanes].map(([name, lane]) => [name, { ...lane.counts }])),
    }),
  };
}

function newLane(): Lane {
  const counts = { joined: 0, admitted: 0, inversions: 0 };
  return { present: new Map(), ahead: newAhead(), counts };
}

const newAhead = () => minHeap<Standing>((a, b) => a.key < b.key);

function stand(lane: Lane, number: number, key: number): void {
  const standing = { number, key };
  lane.present.set(number, standing);
  lane.ahead.push(standing);
}

/** A score of 0 tells nothing: that of a place that has not been passed is its number. */
function scoreOf({ score }: LogLine): number | undefined {
  return score === undefined || score === 0 ? undefined : score;
}

/** The heap forgets lazily: who has gone, or stands elsewhere now, is dropped when met. */
function firstPresent({ present, ahead }: Lane): Standing | undefined {
  for (let first = ahead.peek(); first !== undefined; first = ahead.peek()) {
    if (present.get(first.number) === first) return first;
    ahead.pop();
  }
  return undefined;
}
