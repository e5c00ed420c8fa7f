import { withDeadline } from './deadline.ts';
import type { Log } from './ports.ts';

export type Timer = {
  /** Resolves when the pass under way is done, or has had its time; never rejects. */
  stop(): Promise<void>;
};

/** What a pass waits for may never come, as a query by a URL of several servers (ADR 0025). */
const passMs = 20_000;
/** How long a stop waits for the pass under way; what it leaves is done by the next process. */
const lastPassMs = 1_500;

/** For a timer: the next whole second of the clock, and `intoMs` past it. */
export function nextSecond(now: () => number, intoMs: number): () => number {
  return () => secondMs - ((now() - intoMs) % secondMs);
}
const secondMs = 1_000;

/**
 * Runs `work` again and again, `everyMs` after the last time ended, and never twice at once. A
 * failure is logged when it begins and when it is over, and does not stop the timer.
 */
export function startTimer(
  name: string,
  everyMs: number | (() => number),
  work: () => Promise<void>,
  log: Log,
): Timer {
  let stopped = false;
  let failing = false;
  let wake = () => {};
  const pass = async () => {
    try {
      await withDeadline(passMs, work());
      if (failing) log.info({ timer: name }, 'works again');
      failing = false;
    } catch (error) {
      if (!failing) log.warn({ timer: name, err: error }, 'fails; it goes on trying');
      failing = true;
    }
  };
  const run = async () => {
    while (!stopped) {
      await pass();
      if (stopped) break;
      await new Promise<void>((resolve) => {
        const timeout = setTimeout(resolve, typeof everyMs === 'number' ? everyMs : everyMs());
        wake = () => {
          clearTimeout(timeout);
          resolve();
        };
      });
    }
  };
  const running = run();
  const stop = async () => {
    stopped = true;
    wake();
    try {
      await withDeadline(lastPassMs, running);
    } catch (error) {
      log.warn({ timer: name, err: error }, 'a pass was left at the stop');
    }
  };
  return { stop };
}
