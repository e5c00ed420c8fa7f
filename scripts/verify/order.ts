import type { Line } from './public-sale.ts';

export type LaneCounts = { joined: number; admitted: number; inversions: number };
export type Inversion = { seq: number; number: number; ahead: number };
export type OrderCheck = { lanes: Record<string, LaneCounts>; inversions: Inversion[] };

type Stand = { number: number; place: number };

/** Those present in a lane: a heap by place, whose outdated entries are dropped when they come up. */
class Standings {
  readonly #places = new Map<number, number>();
  #heap: Stand[] = [];

  put(number: number, place: number): void {
    this.#places.set(number, place);
    const heap = this.#heap;
    heap.push({ number, place });
    for (let i = heap.length - 1; i > 0; ) {
      const up = Math.floor((i - 1) / 2);
      if (this.#at(up) <= this.#at(i)) return;
      this.#swap(i, up);
      i = up;
    }
  }

  remove(number: number): number | undefined {
    const place = this.#places.get(number);
    this.#places.delete(number);
    return place;
  }

  clear(): void {
    this.#places.clear();
    this.#heap = [];
  }

  numbers(): number[] {
    return [...this.#places.keys()];
  }

  first(): Stand | undefined {
    for (;;) {
      const [top] = this.#heap;
      if (top === undefined || this.#places.get(top.number) === top.place) return top;
      this.#dropTop();
    }
  }

  #dropTop(): void {
    const last = this.#heap.pop();
    if (last === undefined || this.#heap.length === 0) return;
    this.#heap[0] = last;
    for (let i = 0; ; ) {
      const [left, right] = [2 * i + 1, 2 * i + 2];
      const down = this.#at(right) < this.#at(left) ? right : left;
      if (this.#at(down) >= this.#at(i)) return;
      this.#swap(i, down);
      i = down;
    }
  }

  #at(index: number): number {
    return this.#heap[index]?.place ?? Number.POSITIVE_INFINITY;
  }

  #swap(i: number, j: number): void {
    const [a, b] = [this.#heap[i], this.#heap[j]];
    if (a === undefined || b === undefined) return;
    this.#heap[i] = b;
    this.#heap[j] = a;
  }
}

const endings = new Set(['left', 'away', 'revoked', 'spent', 'expired']);

/** Section "Inversions" of docs/draw.md. `ranks`: those of a draw, by number; null in `fifo`. */
export function checkOrder(lines: Iterable<Line>, ranks: Uint32Array | null): OrderCheck {
  const lanes: Record<string, LaneCounts> = {};
  const standings = new Map<string, Standings>();
  const inversions: Inversion[] = [];
  let isDrawn = false;
  const placeOf = (number: number) => (isDrawn ? (ranks?.[number] ?? number) : number);

  for (const { seq, kind, lane, number, score } of lines) {
    const standing = standings.get(lane) ?? new Standings();
    const counts = lanes[lane] ?? { joined: 0, admitted: 0, inversions: 0 };
    if (kind === 'joined') {
      counts.joined += 1;
      standing.put(number, placeOf(number));
    } else if (kind === 'back') {
      standing.put(number, score === undefined || score === 0 ? placeOf(number) : score);
    } else if (endings.has(kind)) {
      standing.remove(number);
    } else if (kind === 'admitted') {
      counts.admitted += 1;
      const place = standing.remove(number) ?? placeOf(number);
      const first = standing.first();
      if (first !== undefined && first.place < place) {
        counts.inversions += 1;
        inversions.push({ seq, number, ahead: first.number });
      }
    } else {
      if (kind === 'recovered') for (const one of standings.values()) one.clear();
      if (kind === 'drawn') isDrawn = true;
      if (kind === 'drawn') for (const one of standings.values()) placeAnew(one, placeOf);
      continue;
    }
    standings.set(lane, standing);
    lanes[lane] = counts;
  }
  return { lanes, inversions };
}

function placeAnew(standings: Standings, placeOf: (number: number) => number): void {
  const numbers = standings.numbers();
  standings.clear();
  for (const number of numbers) standings.put(number, placeOf(number));
}
