import type { Direction, Lane } from './tcp-lane.ts';

/** Springs on the first connection on which `bytes` pass in the direction `on`. */
export type TrapWish = {
  on: Direction;
  bytes: string;
  /**
   * What is held then, on that connection: `to-server` with `on: 'to-server'` keeps the question
   * from ever arriving, `to-client` lets it through and keeps its answer.
   */
  hold: Direction;
};

export type Trap = {
  sprung(): boolean;
  /** Settles when it has sprung. */
  caught: Promise<void>;
  /** Lets go on what was held. */
  release(): void;
  /** RST to both ends; what was held is lost. */
  reset(): void;
  /** Springs no more. */
  disarm(): void;
};

/** Shown every chunk of every connection. */
type Spring = (lane: Lane, other: Lane, chunk: Buffer, reset: () => void) => void;
export type Traps = Set<Spring>;

export function armTrap(traps: Traps, wish: TrapWish): Trap {
  let held: { lane: Lane; reset(): void } | null = null;
  const { promise: caught, resolve } = Promise.withResolvers<void>();
  // Bytes may come in two chunks: the end of the last one is looked at again.
  const tails = new WeakMap<Lane, string>();
  const spring: Spring = (lane, other, chunk, reset) => {
    if (lane.way !== wish.on) return;
    const seen = (tails.get(lane) ?? '') + chunk.toString('latin1');
    tails.set(lane, seen.slice(-wish.bytes.length));
    if (!seen.includes(wish.bytes)) return;
    traps.delete(spring);
    const caughtLane = wish.hold === lane.way ? lane : other;
    caughtLane.hold();
    held = { lane: caughtLane, reset };
    resolve();
  };
  traps.add(spring);
  return {
    sprung: () => held !== null,
    caught,
    release: () => held?.lane.flow(true),
    reset: () => held?.reset(),
    disarm: () => void traps.delete(spring),
  };
}

/** Listens, and holds nothing. */
export function record(traps: Traps, way: Direction): () => string {
  const heard: string[] = [];
  traps.add((lane, _, chunk) => {
    if (lane.way === way) heard.push(chunk.toString('latin1'));
  });
  return () => heard.join('');
}
