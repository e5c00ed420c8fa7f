import type { Timers } from './timers.ts';

export type TurnsOptions = {
  /** More than these are not let into the line of one key. */
  waitingMax: number;
  waitMsMax: number;
  timers: Pick<Timers, 'after'>;
};

/**
 * Runs `work` when what came before it with the same key is over: one at a time, in their order.
 * `crowded`, and not run, where too many wait for that key or the wait takes too long.
 */
export type Turns = <T>(
  key: string,
  work: () => Promise<T>,
) => Promise<{ kind: 'done'; value: T } | { kind: 'crowded' }>;

/** Copies of one request must neither run beside each other nor take the room of others. */
export function makeTurns(options: TurnsOptions): Turns {
  /** Those that wait, by key; a key without an entry is free. */
  const lines = new Map<string, ((isMine: boolean) => void)[]>();

  function enter(key: string): Promise<boolean> | boolean {
    const line = lines.get(key);
    if (!line) {
      lines.set(key, []);
      return true;
    }
    if (line.length >= options.waitingMax) return false;
    return new Promise((resolve) => {
      const end = (isMine: boolean) => {
        timer.cancel();
        resolve(isMine);
      };
      const timer = options.timers.after(options.waitMsMax, () => {
        line.splice(line.indexOf(end), 1);
        resolve(false);
      });
      line.push(end);
    });
  }

  function leave(key: string): void {
    const next = lines.get(key)?.shift();
    if (next) next(true);
    else lines.delete(key);
  }

  return async (key, work) => {
    if (!(await enter(key))) return { kind: 'crowded' };
    try {
      return { kind: 'done', value: await work() };
    } finally {
      leave(key);
    }
  };
}
