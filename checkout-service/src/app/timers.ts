/** Timers as a port, so that tests hold time still. */
export type Timers = {
  /** Milliseconds of a clock that nobody sets: for ages, not for dates. */
  now(): number;
  after(ms: number, run: () => void): { cancel(): void };
};

export const systemTimers: Timers = {
  now: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return { cancel: () => clearTimeout(timer) };
  },
};
