/** A connection that stalls ends nothing by itself, and units are held meanwhile. */
const deadlineMs = 10_000;

/**
 * `fetch`, and `read` of its answer, within 10 s together; rejects as `fetch` does, also when the
 * time is over. By a timer, since phones of 2021 know no `AbortSignal.timeout`.
 */
export async function fetchInTime<Result>(
  address: string,
  init: RequestInit,
  read: (response: Response) => Promise<Result>,
): Promise<Result> {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), deadlineMs);
  try {
    // Under the page's own policy the browser would call it nobody's (`Origin: null`).
    const own = { referrerPolicy: 'same-origin', signal: stop.signal } as const;
    return await read(await fetch(address, { ...init, ...own }));
  } finally {
    clearTimeout(timer);
  }
}
