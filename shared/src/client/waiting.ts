import type { Place, PlaceState } from '../place.ts';
import { backoffMs, type Pauses, pollMs } from './pauses.ts';
import type { PlaceCalls } from './places.ts';
import { type FairgateProblem, type FairgateUnreachable, isPassing } from './problems.ts';

export type News =
  | { kind: 'place'; place: Place }
  /** Nothing was heard: the place is kept, and asked for again after so long. */
  | {
      kind: 'trouble';
      error: FairgateProblem | FairgateUnreachable;
      /** The last that was heard; null where nothing was yet. */
      place: Place | null;
      retryInSeconds: number;
    };

export type Wait = (
  saleId: string,
  options?: { signal?: AbortSignal },
) => AsyncGenerator<News, Place>;

/** There is something to do, or nothing more to wait for. */
const ends: readonly PlaceState[] = ['admitted', 'issued', 'done', 'expired', 'left'];

/**
 * poll -> pause for as long as the answer asks -> poll …, until the place is `admitted` or over: that
 * place is the last news, and what the generator returns. A network that is away, a 429 or a 5xx are
 * news too, and waited out. Rejects with `FairgateProblem` where asking again is of no use (a place
 * that was revoked, say), and with the signal's reason. It takes no heed of whether the app is seen:
 * a device that sleeps wakes up late, and asks at once.
 */
export function makeWait({ poll }: Pick<PlaceCalls, 'poll'>, pauses: Pauses): Wait {
  return async function* wait(saleId, { signal } = {}) {
    let last: Place | null = null;
    let failures = 0;
    for (;;) {
      let ms: number;
      try {
        last = await poll(saleId, { signal });
        failures = 0;
        yield { kind: 'place', place: last };
        if (ends.includes(last.state)) return last;
        ms = pollMs(last.pollAfterSeconds, pauses);
      } catch (error) {
        if (signal?.aborted || !isPassing(error)) throw error;
        failures += 1;
        ms = backoffMs(failures, error, pauses);
        yield { kind: 'trouble', error, place: last, retryInSeconds: ms / 1_000 };
      }
      await pauses.pause(ms, signal);
    }
  };
}
