import {
  CircuitState,
  circuitBreaker,
  ExponentialBackoff,
  handleAll,
  isBrokenCircuitError,
  isTaskCancelledError,
  retry,
  SamplingBreaker,
  TimeoutStrategy,
  timeout,
  wrap,
} from 'cockatiel';
import type { ProviderCall } from '../app/ports.ts';

/** The figures of the policy, each with its reason; tests shorten the times. */
export const policyFigures = {
  /** A provider that takes longer has lost the shopper anyway. */
  callTimeoutMs: 2_500,
  /** After the first try. More would only help an outage to grow. */
  retriesMax: 2,
  backoffMs: 100,
  backoffMsMax: 500,
  /** Retries and pauses in all: shorter than the silence after which a payment is asked about. */
  totalMs: 6_500,
  /**
   * The breaker opens where most calls (each of them retried) of so long failed, and there were
   * `callsMin` of them. With fewer it has nothing to protect, and an order whose card makes the
   * provider fail, tried again and again, must not refuse everybody else's payments: one payment
   * at a time, with its retries, comes to less than that.
   */
  sampleMs: 10_000,
  callsMin: 50,
  faultShare: 0.5,
  /** Then one call may try whether the provider is back. */
  openMs: 3_000,
} as const;
export type PolicyFigures = { [name in keyof typeof policyFigures]: number };

/** The provider failed: 5xx, 429, no connection, an answer that nobody can read. */
export class ProviderFault extends Error {
  override readonly name = 'ProviderFault';
}

export type Answer<T> = { kind: 'answer'; value: T } | { kind: 'fault'; cause: unknown };

export type ProviderPolicy = {
  /**
   * Makes a call by the policy. Whatever `call` throws is a fault of the provider, is tried again
   * and counts for the breaker; a refusal (a declined card, another 4xx) is an answer, and is
   * returned. Every call is repeatable, so it must carry an idempotency key.
   */
  run<T>(operation: string, call: (signal: AbortSignal) => Promise<T>): Promise<Answer<T>>;
  breaker(): 'closed' | 'open' | 'half-open';
  onCall(listener: (call: ProviderCall) => void): void;
};

/** breaker -> time in all -> retries with jittered exponential backoff -> time of one call */
export function providerPolicy(figures: PolicyFigures = policyFigures): ProviderPolicy {
  const { sampleMs: duration, callsMin, faultShare: threshold } = figures;
  const minimumRps = callsMin / (duration / 1_000);
  const breaker = circuitBreaker(handleAll, {
    halfOpenAfter: figures.openMs,
    breaker: new SamplingBreaker({ threshold, duration, minimumRps }),
  });
  const policy = wrap(
    breaker,
    timeout(figures.totalMs, TimeoutStrategy.Aggressive),
    // Its delays are random by default (decorrelated jitter), so that clients do not keep step.
    retry(handleAll, {
      maxAttempts: figures.retriesMax,
      backoff: new ExponentialBackoff({
        initialDelay: figures.backoffMs,
        maxDelay: figures.backoffMsMax,
      }),
    }),
    timeout(figures.callTimeoutMs, TimeoutStrategy.Aggressive),
  );
  const listeners: ((call: ProviderCall) => void)[] = [];

  async function attempt<T>(call: (signal: AbortSignal) => Promise<T>): Promise<Answer<T>> {
    // While one call tries whether the provider is back, cockatiel lets the others wait for it.
    // A shopper is better off with an answer at once.
    if (breaker.state === CircuitState.HalfOpen) return { kind: 'fault', cause: brokenCause };
    try {
      return { kind: 'answer', value: await policy.execute(({ signal }) => call(signal)) };
    } catch (error) {
      return { kind: 'fault', cause: isBrokenCircuitError(error) ? brokenCause : error };
    }
  }

  return {
    async run(operation, call) {
      const begunMs = performance.now();
      const answer = await attempt(call);
      const seconds = (performance.now() - begunMs) / 1_000;
      const outcome = outcomeOf(answer);
      for (const listener of listeners) listener({ operation, outcome, seconds });
      return answer;
    },
    breaker: () => stateOf(breaker.state),
    onCall: (listener) => listeners.push(listener),
  };
}

const brokenCause = 'the breaker is open';

function outcomeOf(answer: Answer<unknown>): ProviderCall['outcome'] {
  if (answer.kind === 'answer') return 'answered';
  if (answer.cause === brokenCause) return 'refused';
  return isTaskCancelledError(answer.cause) ? 'timed-out' : 'failed';
}

function stateOf(state: CircuitState): 'closed' | 'open' | 'half-open' {
  if (state === CircuitState.Closed) return 'closed';
  return state === CircuitState.HalfOpen ? 'half-open' : 'open';
}
