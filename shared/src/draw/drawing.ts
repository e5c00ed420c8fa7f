import { drainLog, type LogSource, type LogStore } from '../log/drain.ts';
import { drawKey } from './key.ts';
import { type Randomness, RandomnessAway } from './randomness.ts';

/** A draw as Postgres has it; null for what has not been reached. Times in ms since the epoch. */
export type StoredDraw = {
  secret: string;
  commitment: string;
  randomnessUrl: string;
  lobbySeq: number | null;
  lobbyHead: string | null;
  entrants: number | null;
  closedAt: number | null;
  randomness: string | null;
  key: string | null;
  drawnAt: number | null;
  trouble: string | null;
};

export type DrawStore = {
  draw(saleId: string): Promise<StoredDraw | null>;
  /** What was written first stays; it is returned. */
  fixKey(saleId: string, found: { randomness: string; key: string }): Promise<StoredDraw>;
  /** Once: the secret is public from then on, and the room is told. */
  finish(saleId: string): Promise<void>;
  trouble(saleId: string, why: string): Promise<void>;
};

/** What the room needs of a draw to know everybody's rank. */
export type FinishedDraw = {
  key: string;
  entrants: number;
  secret: string;
  lobbyHead: string;
  randomness: string;
};

export type DrawRoom = LogSource & {
  figures(saleId: string): Promise<{ draw: RoomDraw | null } | null>;
  /** Works in bounded steps: `more` asks for another call. */
  draw(saleId: string, draw: FinishedDraw): Promise<'more' | 'drawn' | 'no-room'>;
};
export type RoomDraw = { lobbyLast: number; lobbySeq: number; drawn: boolean };

export type DrawingParts = {
  store: DrawStore & LogStore;
  room: DrawRoom;
  randomness: Randomness;
  now(): number;
};

/** A source that stays away longer is done without; everybody sees that it was. */
export const randomnessMsMax = 10 * 60_000;
/** Steps of one call; a million entrants take 4,000. */
const stepsMax = 10_000;

export type Drawing = (saleId: string) => Promise<'nothing-to-draw' | 'waits' | 'drawn'>;

/**
 * `lobby closed -> log drained -> head stored -> randomness -> key stored -> room drawn -> secret
 * public`. Each step is stored before the next begins, and each may be done again: by whoever is
 * there, at any time, any number at once.
 */
export function makeDrawing({ store, room, randomness, now }: DrawingParts): Drawing {
  async function closedLobby(saleId: string): Promise<StoredDraw | null> {
    const stored = await store.draw(saleId);
    if (stored === null || stored.lobbyHead !== null) return stored;
    await drainLog(store, room, saleId);
    return await store.draw(saleId);
  }

  async function keyed(saleId: string, stored: StoredDraw): Promise<StoredDraw | null> {
    const { secret, lobbyHead, randomnessUrl, closedAt } = stored;
    if (lobbyHead === null || closedAt === null) return null;
    if (stored.key !== null) return stored;
    try {
      const found = randomnessUrl === '' ? '' : await randomness(randomnessUrl, closedAt);
      const key = drawKey({ secret, lobbyHead, randomness: found });
      return await store.fixKey(saleId, { randomness: found, key });
    } catch (error) {
      if (!(error instanceof RandomnessAway)) throw error;
      await store.trouble(saleId, error.message);
      if (now() < closedAt + randomnessMsMax) return null;
      const key = drawKey({ secret, lobbyHead, randomness: '' });
      return await store.fixKey(saleId, { randomness: '', key });
    }
  }

  return async (saleId) => {
    const draw = (await room.figures(saleId))?.draw ?? null;
    if (draw === null) return 'nothing-to-draw';
    const closed = await closedLobby(saleId);
    if (closed === null) return 'waits';
    const ready = await keyed(saleId, closed);
    const finished = ready && finishedDraw(ready);
    if (finished === null) return 'waits';
    if (!draw.drawn && !(await drawRoom(room, saleId, finished))) return 'waits';
    if (closed.drawnAt === null) await store.finish(saleId);
    return 'drawn';
  };
}

/** Null until the key stands. */
export function finishedDraw(stored: StoredDraw): FinishedDraw | null {
  const { key, entrants, secret, lobbyHead, randomness } = stored;
  if (key === null || entrants === null || lobbyHead === null) return null;
  return { key, entrants, secret, lobbyHead, randomness: randomness ?? '' };
}

async function drawRoom(room: DrawRoom, saleId: string, draw: FinishedDraw): Promise<boolean> {
  for (let step = 0; step < stepsMax; step += 1) {
    const reply = await room.draw(saleId, draw);
    if (reply !== 'more') return reply === 'drawn';
  }
  return false;
}
