/** Timers as a port, so that tests hold time still. */
export type Timers = {
  now(): number;
  after(ms: number, run: () => void): { cancel(): void };
};

export const systemTimers: Timers = {
  now: () => Date.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return { cancel: () => clearTimeout(timer) };
  },
};
