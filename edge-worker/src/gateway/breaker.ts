import { CircuitState, ConsecutiveBreaker, circuitBreaker, handleAll } from 'cockatiel';

/** The figures of the breaker, each with its reason. */
const figures = {
  /** One that is late may be only that; three in a row are Redis itself. */
  faultsMax: 3,
  /** How soon, and how often, one command tries whether it is back: all is normal within 5 s. */
  openMs: 500,
} as const;

export type RedisBreaker = {
  /** What became of a command; `undefined`: it was answered. */
  note(fault: Error | undefined): void;
  /** Throws at once where Redis is known to be away; now and then it lets one probe go out. */
  check(): void;
};

/**
 * Stands before a Redis that is away, refuses or hangs: shoppers are answered at once from what is
 * known, and one command at a time finds out whether it is back (D10).
 */
export function redisBreaker(probe: () => Promise<unknown>): RedisBreaker {
  const breaker = circuitBreaker(handleAll, {
    halfOpenAfter: figures.openMs,
    breaker: new ConsecutiveBreaker(figures.faultsMax),
  });
  let isProbing = false;
  const ask = async () => {
    if (isProbing) return;
    isProbing = true;
    try {
      // Refused while it has been open for too short a time, without going out.
      await breaker.execute(probe);
    } catch {
      // It is still away.
    } finally {
      isProbing = false;
    }
  };
  return {
    note(fault) {
      if (breaker.state !== CircuitState.Closed) return;
      const told = fault === undefined ? Promise.resolve() : Promise.reject(fault);
      breaker.execute(() => told).catch(() => undefined);
    },
    check() {
      if (breaker.state === CircuitState.Closed) return;
      void ask();
      throw new Error('Redis is away');
    },
  };
}
