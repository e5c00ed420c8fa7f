type Kept<T> = { value: Promise<T>; askedAtMs: number; tookMs: number | null };

/** What is dear to find is found again after so many times the time that it took. */
const patience = 10;
/** Values kept at a time; the oldest go. */
const keptMax = 32;

/**
 * `find`, but one finding at a time for a key, and its value again for ten times as long as it
 * took: whoever asks in a loop costs a tenth of one processor at most. A failure is not kept.
 */
export function reused<T>(
  nowMs: () => number,
  find: (key: string) => Promise<T>,
): (key: string) => Promise<T> {
  const all = new Map<string, Kept<T>>();
  const isGood = ({ askedAtMs, tookMs }: Kept<T>) =>
    tookMs === null || nowMs() < askedAtMs + tookMs * (patience + 1);
  const begin = (key: string): Promise<T> => {
    const askedAtMs = nowMs();
    const value = find(key);
    const kept: Kept<T> = { value, askedAtMs, tookMs: null };
    all.delete(key);
    all.set(key, kept);
    const [oldest] = all.keys();
    if (all.size > keptMax && oldest !== undefined) all.delete(oldest);
    value.then(
      () => {
        kept.tookMs = nowMs() - askedAtMs;
      },
      () => {
        if (all.get(key) === kept) all.delete(key);
      },
    );
    return value;
  };
  return async (key) => {
    const kept = all.get(key);
    return await (kept !== undefined && isGood(kept) ? kept.value : begin(key));
  };
}
