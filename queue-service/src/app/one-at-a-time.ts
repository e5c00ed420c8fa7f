/**
 * `work`, but never twice at once for a key: whoever asks while it is under way shares the next
 * time, which begins after they have asked.
 */
export function oneAtATime(work: (key: string) => Promise<void>): (key: string) => Promise<void> {
  const underWay = new Map<string, Promise<void>>();
  const next = new Map<string, Promise<void>>();
  const run = (key: string): Promise<void> => {
    const running = work(key).finally(() => {
      if (underWay.get(key) === running) underWay.delete(key);
    });
    underWay.set(key, running);
    return running;
  };
  return (key) => {
    const running = underWay.get(key);
    if (running === undefined) return run(key);
    const shared =
      next.get(key) ??
      running
        .catch(() => {})
        .then(() => {
          next.delete(key);
          return run(key);
        });
    next.set(key, shared);
    return shared;
  };
}
