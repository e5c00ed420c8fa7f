const pauseMs = 25;

/**
 * Asks again and again until `ask` gives something other than undefined or false, and returns it.
 * Throws, naming what was waited for and the last failure, when the time is over first.
 */
export async function waitFor<T>(
  what: string,
  seconds: number,
  ask: () => Promise<T | undefined | false> | T | undefined | false,
): Promise<T> {
  const deadlineMs = Date.now() + seconds * 1_000;
  let failure: unknown;
  for (;;) {
    try {
      const value = await ask();
      if (value !== undefined && value !== false) return value;
      failure = undefined;
    } catch (error) {
      failure = error;
    }
    if (Date.now() > deadlineMs) break;
    await pause();
  }
  const reason = failure === undefined ? '' : `: ${failure}`;
  throw new Error(`${what} did not come within ${seconds} s${reason}`, { cause: failure });
}

/** Checks without end while `work` is under way, and at least twice; a failing check rejects. */
export async function checkingThroughout<T>(
  check: () => Promise<void>,
  work: () => Promise<T>,
): Promise<T> {
  let isOver = false;
  const working = work().finally(() => {
    isOver = true;
  });
  const checking = (async () => {
    await check();
    while (!isOver) {
      await pause();
      await check();
    }
  })();
  const [result] = await Promise.all([working, checking]);
  await check();
  return result;
}

/** Checks for so long that something which must not happen would have happened. */
export async function holdsFor(seconds: number, check: () => Promise<void>): Promise<void> {
  const endMs = Date.now() + seconds * 1_000;
  await check();
  while (Date.now() < endMs) {
    await pause();
    await check();
  }
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, pauseMs));
}
