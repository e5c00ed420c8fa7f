/** After work that many wait to have done again there is a rest of so many times what it took, */
const restShare = 9;
/** and never longer than this: who waits is a person. */
const restMsMax = 400;

/**
 * `work`, but never twice at once for a key: whoever asks while it is under way shares the next
 * time, which begins after they have asked. However many ask, it takes a tenth of the time at most,
 * unless it is slow.
 * A failure is told to those whose time it was.
 */
export function oneAtATime(
  work: (key: string) => Promise<void>,
  pause: (ms: number) => Promise<void> = rest,
): (key: string) => Promise<void> {
  const underWay = new Map<string, Promise<number>>();
  const next = new Map<string, Promise<number>>();
  /** Gives what it took, in ms. */
  const run = async (key: string): Promise<number> => {
    const begunMs = performance.now();
    await work(key);
    return performance.now() - begunMs;
  };
  const begin = (key: string): Promise<number> => {
    const running = run(key).finally(() => {
      if (underWay.get(key) === running) underWay.delete(key);
    });
    underWay.set(key, running);
    return running;
  };
  const beginAfter = async (key: string, running: Promise<number>): Promise<number> => {
    const tookMs = await running.catch(() => 0);
    await pause(Math.min(restMsMax, tookMs * restShare));
    next.delete(key);
    return await begin(key);
  };
  return async (key) => {
    const running = underWay.get(key);
    const waiting = next.get(key);
    if (running === undefined && waiting === undefined) return void (await begin(key));
    const shared = waiting ?? beginAfter(key, running ?? Promise.resolve(0));
    next.set(key, shared);
    await shared;
  };
}

function rest(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
