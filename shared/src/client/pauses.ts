import { FairgateProblem } from './problems.ts';

/** Timers and chance, which tests replace. */
export type Pauses = {
  now(): number;
  /** 0 to 1. */
  random(): number;
  /** Rejects with the signal's reason once it is aborted. */
  pause(ms: number, signal?: AbortSignal): Promise<void>;
};

export const systemPauses: Pauses = {
  now: () => Date.now(),
  random: () => Math.random(),
  pause: (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const stop = () => {
        clearTimeout(timer);
        reject(signal?.reason);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', stop);
        resolve();
      }, ms);
      signal?.addEventListener('abort', stop, { once: true });
    }),
};

const firstSeconds = 1;
const longestSeconds = 30;

/**
 * Before the try after the `failures`th failure, in ms: twice as long each time, up to half a minute,
 * by half of it at chance, so that a crowd that lost its connection at once does not return at once.
 */
export function backoffMs(failures: number, error: unknown, { random }: Pauses): number {
  const asked = error instanceof FairgateProblem ? (error.retryAfterSeconds ?? 0) : 0;
  const grown = Math.min(longestSeconds, firstSeconds * 2 ** (failures - 1));
  return (Math.max(asked, grown / 2) + (random() * grown) / 2) * 1_000;
}

/** Whatever an answer says. */
const pollSecondsMin = 1;

/** The interval asked for, never sooner, and up to a tenth later: never in step with others. */
export function pollMs(pollAfterSeconds: number, { random }: Pauses): number {
  return Math.max(pollSecondsMin, pollAfterSeconds) * 1_000 * (1 + random() / 10);
}
