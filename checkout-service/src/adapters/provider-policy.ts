import {
  CircuitState,
  circuitBreaker,
  ExponentialBackoff,
  handleAll,
  isBrokenCircuitError,
  isTaskCancelledError,
  retry,
  TimeoutStrategy,
  timeout,
  wrap,
} from 'cockatiel';
import type { ProviderCall } from '../app/provider-ports.ts';
import { faultWindow } from './fault-window.ts';

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
   * The breaker opens where most calls (each of them retried) of so long failed, at least so many,
   * and of so many orders: one whose card makes the provider fail, tried again and again, must not
   * refuse everybody else's payments.
   */
  sampleMs: 10_000,
  faultShare: 0.5,
  faultsMin: 5,
  ordersMin: 3,
  /** Then one call may try whether the provider is back. */
  openMs: 3_000,
} as const;
export type PolicyFigures = { [name in keyof typeof policyFigures]: number };

/** The provider failed: 5xx, 429, no connection, an answer that nobody can read. */
export class ProviderFault extends Error {
  override readonly name = 'ProviderFault';
}

export type Answer<T> = { kind: 'answer'; value: T } | { kind: 'fault'; cause: unknown };

export type CallAbout = {
  operation: string;
  orderId: string;
  /** When whoever asked gives up: nothing is tried after that. */
  deadline?: AbortSignal | undefined;
};

export type ProviderPolicy = {
  /**
   * Makes a call by the policy. Whatever `call` throws is a fault of the provider, is tried again
   * and counts for the breaker; a refusal (a declined card, another 4xx) is an answer, and is
   * returned. Every call is repeatable, so it must carry an idempotency key.
   */
  run<T>(about: CallAbout, call: (signal: AbortSignal) => Promise<T>): Promise<Answer<T>>;
  breaker(): 'closed' | 'open' | 'half-open';
  onCall(listener: (call: ProviderCall) => void): void;
};

/** breaker -> time in all -> retries with jittered exponential backoff -> time of one call */
export function providerPolicy(figures: PolicyFigures = policyFigures): ProviderPolicy {
  const window = faultWindow(figures, Date.now);
  const breaker = circuitBreaker(handleAll, { halfOpenAfter: figures.openMs, breaker: window });
  const policy = wrap(
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

  /** The window hears of each call before the breaker asks it. */
  async function counted<T>(orderId: string, run: () => Promise<T>): Promise<T> {
    try {
      const value = await run();
      window.note(orderId, 'answered');
      return value;
    } catch (error) {
      window.note(orderId, 'failed');
      throw error;
    }
  }

  async function attempt<T>(
    { orderId, deadline }: CallAbout,
    call: (signal: AbortSignal) => Promise<T>,
  ): Promise<Answer<T>> {
    if (deadline?.aborted) return { kind: 'fault', cause: 'no time was left for it' };
    // While one call tries whether the provider is back, cockatiel lets the others wait for it.
    // A shopper is better off with an answer at once.
    if (breaker.state === CircuitState.HalfOpen) return { kind: 'fault', cause: brokenCause };
    try {
      const value = await breaker.execute(
        ({ signal: ofCaller }) =>
          counted(orderId, () => policy.execute(({ signal }) => call(signal), ofCaller)),
        deadline,
      );
      return { kind: 'answer', value };
    } catch (error) {
      return { kind: 'fault', cause: isBrokenCircuitError(error) ? brokenCause : error };
    }
  }

  return {
    async run(about, call) {
      const { operation } = about;
      const begunMs = performance.now();
      const answer = await attempt(about, call);
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
