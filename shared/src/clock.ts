/** Time is handed in, so that rules stay pure and tests can hold it still. */
export type Clock = {
  /** Milliseconds since the epoch. */
  now(): number;
};

export const systemClock: Clock = { now: () => Date.now() };

/** Clocks of edge, checkout and shoppers differ by no more: what is said to begin later is refused. */
export const clockSkewSeconds = 5;

/** An ISO 8601 UTC string, as every `...At` field has it. */
export function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
