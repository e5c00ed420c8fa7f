import type { Socket } from 'node:net';

export type Direction = 'to-server' | 'to-client';

/** What is wrong with the way at the moment; of every connection, present and to come. */
export type Weather = {
  frozen: Set<Direction>;
  /** Bytes from the server are swallowed. */
  dropsReplies: boolean;
  latencyMs: number;
  refuses: boolean;
};

/** One way of one connection: bytes -> (held, frozen, swallowed, late) -> the other end. */
export type Lane = {
  way: Direction;
  take(chunk: Buffer): void;
  /** The sender has nothing more to say. */
  end(): void;
  /** Nothing passes until `flow(true)`; unlike frost, it leaves the ends to hear of each other. */
  hold(): void;
  /** Sends what has waited, unless it is frozen or held; `release` lets go of what was held. */
  flow(release?: boolean): void;
  /** Calls back when all that was taken has left. */
  whenSent(then: () => void): void;
  whenThawed(then: () => void): void;
};

export function makeLanes(client: Socket, server: Socket, weather: Weather) {
  return {
    toServer: makeLane('to-server', server, weather),
    toClient: makeLane('to-client', client, weather),
  };
}

function makeLane(way: Direction, to: Socket, weather: Weather): Lane {
  let waiting: (() => void)[] = [];
  let isHeld = false;
  const inOrder = (step: () => void) => {
    waiting.push(step);
    flow();
  };
  function flow(release = false): void {
    if (release) isHeld = false;
    if (isHeld || weather.frozen.has(way)) return;
    const steps = waiting;
    waiting = [];
    for (const step of steps) {
      if (weather.latencyMs > 0) setTimeout(step, weather.latencyMs);
      else step();
    }
  }
  const isSwallowed = () => way === 'to-client' && weather.dropsReplies;
  return {
    way,
    take(chunk) {
      if (!isSwallowed()) inOrder(() => void (to.destroyed || to.write(chunk)));
    },
    end() {
      if (isHeld) to.destroy();
      else if (!isSwallowed()) inOrder(() => void to.end());
    },
    hold() {
      isHeld = true;
    },
    flow,
    whenSent: (then) => inOrder(() => void to.write('', () => then())),
    whenThawed(then) {
      if (weather.frozen.has(way)) inOrder(then);
      else then();
    },
  };
}
