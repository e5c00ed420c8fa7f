import type { Clock } from '@fairgate/shared/clock.ts';
import { Problem } from '@fairgate/shared/problem.ts';
import type { RoomSettings } from '@fairgate/shared/sale.ts';
import type { LiveRoom } from './live.ts';

/** Figures of one second, written once for all who watch. `id`: seconds since the epoch. */
export type LiveEvent = { id: number; data: string; settings: RoomSettings };

export type Watcher = {
  /** The newest event that this watcher has not had; null once there will be none. */
  next(): Promise<LiveEvent | null>;
  stop(): void;
};

export type LiveHub = {
  /**
   * Joins whoever watches a sale. The figures are read once a second, for all of them; a watcher
   * who is slow misses some, and nothing is kept for them but the newest. Throws what `read` does.
   */
  watch(saleId: string): Promise<{ first: LiveEvent; watcher: Watcher }>;
  /** What watchers were told in a second; null where nobody watches, or it was not read then. */
  told(saleId: string, second: number): LiveRoom | null;
};

type Parts = {
  /** Throws `not-found`, `unavailable`. */
  read(saleId: string): Promise<LiveRoom>;
  clock: Clock;
  pause(ms: number): Promise<void>;
};

type Feed = {
  watchers: Set<Offered>;
  last: Told;
  isRunning: boolean;
};
type Told = { room: LiveRoom; event: LiveEvent };
type Offered = Watcher & { offer(event: LiveEvent | null): void };

const everyMs = 1_000;
/** Past the second's beginning, so that a timer that is early by a millisecond is not in the last. */
const intoSecondMs = 5;

export function liveHub({ read, clock, pause }: Parts): LiveHub {
  const feeds = new Map<string, Promise<Feed>>();
  const newest = new Map<string, Told>();
  // A clock that is set back repeats no second, and silences nobody.
  const eventOf = (room: LiveRoom, after = 0): LiveEvent => ({
    id: Math.max(after + 1, Math.floor(clock.now() / 1_000)),
    data: JSON.stringify(room),
    settings: room.settings,
  });
  const readAgain = async (saleId: string, feed: Feed): Promise<boolean> => {
    const { id } = feed.last.event;
    try {
      const room = await read(saleId);
      feed.last = { room, event: eventOf(room, id) };
    } catch (error) {
      // The sale is gone: who watches connects again, and is told so.
      if (error instanceof Problem && error.slug !== 'unavailable') return false;
      const room = { ...feed.last.room, stale: true as const };
      feed.last = { room, event: eventOf(room, id) };
    }
    return true;
  };
  const run = async (saleId: string, feed: Feed) => {
    let goesOn = true;
    while (goesOn && feed.watchers.size > 0) {
      await pause(everyMs - (clock.now() % everyMs) + intoSecondMs);
      goesOn = await readAgain(saleId, feed);
      newest.set(saleId, feed.last);
      for (const one of feed.watchers) one.offer(goesOn ? feed.last.event : null);
    }
    feed.isRunning = false;
    feeds.delete(saleId);
    newest.delete(saleId);
  };
  const begin = async (saleId: string): Promise<Feed> => {
    const room = await read(saleId);
    const last = { room, event: eventOf(room) };
    return { watchers: new Set(), last, isRunning: false };
  };
  return {
    async watch(saleId) {
      let opening = feeds.get(saleId);
      if (opening === undefined) {
        opening = begin(saleId);
        feeds.set(saleId, opening);
        opening.catch(() => feeds.delete(saleId));
      }
      const feed = await opening;
      const watcher = newWatcher((one) => feed.watchers.delete(one));
      feed.watchers.add(watcher);
      if (!feed.isRunning) {
        feed.isRunning = true;
        feeds.set(saleId, opening);
        void run(saleId, feed);
      }
      return { first: feed.last.event, watcher };
    },
    told(saleId, second) {
      const last = newest.get(saleId);
      return last?.event.id === second && last.room.stale === undefined ? last.room : null;
    },
  };
}

function newWatcher(leave: (watcher: Offered) => void): Offered {
  let newest: LiveEvent | null = null;
  let isOver = false;
  let wake = () => {};
  const watcher: Offered = {
    offer(event) {
      if (event === null) isOver = true;
      else newest = event;
      wake();
    },
    async next() {
      if (newest === null && !isOver) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      const event = newest;
      newest = null;
      return event;
    },
    stop() {
      isOver = true;
      leave(watcher);
      wake();
    },
  };
  return watcher;
}
