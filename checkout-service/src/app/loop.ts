import type { Log } from './log.ts';
import type { CheckoutMetrics } from './metrics.ts';

export type Loop = { stop(): Promise<void> };

export type LoopOptions = {
  name: string;
  everyMs: number;
  /** Comes no later after a failure: what it does is worth having each time that it goes. */
  steady?: boolean;
  log: Log;
  metrics: Pick<CheckoutMetrics, 'loopFailed'>;
  /** One round; `again` asks for the next at once, because there is more to do. */
  round(): Promise<'again' | 'done'>;
};

/** After a failure the next round waits longer, up to this. */
const pauseMsMax = 2_000;

/**
 * Runs rounds one after the other, until stopped. A failing round is logged when the failing
 * begins and when it ends, not each time.
 */
export function startLoop(options: LoopOptions): Loop {
  let stopped = false;
  let failures = 0;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();

  async function round(): Promise<void> {
    let pauseMs = options.everyMs;
    try {
      if ((await options.round()) === 'again') pauseMs = 0;
      if (failures > 0) options.log.info({ loop: options.name, failures }, 'a loop works again');
      failures = 0;
    } catch (error) {
      failures += 1;
      options.metrics.loopFailed(options.name);
      if (failures === 1) options.log.warn({ loop: options.name, err: error }, 'a loop fails');
      const times = options.steady === true ? 1 : 2 ** Math.min(failures, 6);
      pauseMs = Math.min(pauseMsMax, options.everyMs * times);
    }
    if (!stopped) timer = setTimeout(next, pauseMs);
  }

  function next(): void {
    running = round();
  }

  next();
  return {
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}
