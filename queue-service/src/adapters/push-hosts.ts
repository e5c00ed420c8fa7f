import {
  BrokenCircuitError,
  type CircuitBreakerPolicy,
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  handleAll,
} from 'cockatiel';
import { PushPutOff } from '../app/place-ports.ts';

/** Calls to one host at a time: most browsers have the same two or three push services. */
const callsMax = 30;
/** A call that lasts longer hangs, as far as anybody can tell. */
const slowMs = 1_000;
/** So many calls that hang are enough to send nothing more there for now. */
const slowMax = 8;
/** So many failures one after the other, and a host is left in peace for so long; then one call tries. */
const failuresMax = 8;
const restMs = 15_000;
const isResting = 'the push service fails, and is left in peace for a while';
/** Hosts that are remembered: endpoints are checked, but a rule may allow whole domains. */
const hostsMax = 500;

type Call = { startedAt: number };
type Host = {
  breaker: CircuitBreakerPolicy;
  /** When each call under way began. */
  calls: Set<Call>;
  /** Those who wait for a call to end. */
  waiting: Set<() => void>;
};

/**
 * Calls push services, each host for itself: one that hangs or fails holds up its own messages alone.
 * Rejects with `PushPutOff`, nothing sent, where a host has enough to do or is left in peace.
 */
export function pushHosts(): <T>(name: string, call: () => Promise<T>) => Promise<T> {
  const hosts = new Map<string, Host>();
  return async (name, call) => {
    const host = hosts.get(name) ?? newHost();
    remember(hosts, name, host);
    const own = await begun(host);
    try {
      // The one call that tries is under way; waiting for it would take the others' workers.
      if (host.breaker.state === CircuitState.HalfOpen) throw new PushPutOff(restMs, isResting);
      return await host.breaker.execute(call);
    } catch (error) {
      if (!(error instanceof BrokenCircuitError)) throw error;
      throw new PushPutOff(restMs, isResting);
    } finally {
      host.calls.delete(own);
      const [next] = host.waiting;
      next?.();
    }
  };
}

function newHost(): Host {
  const breaker = new ConsecutiveBreaker(failuresMax);
  const policy = circuitBreaker(handleAll, { halfOpenAfter: restMs, breaker });
  return { breaker: policy, calls: new Set(), waiting: new Set() };
}

/** The one that was called longest ago is forgotten first; one that is called is not. */
function remember(hosts: Map<string, Host>, name: string, host: Host): void {
  hosts.delete(name);
  hosts.set(name, host);
  if (hosts.size <= hostsMax) return;
  for (const [other, { calls }] of hosts) {
    if (calls.size === 0) return void hosts.delete(other);
  }
}

/** Waits for a call to be over where there are too many, and no longer than a call should last. */
async function begun(host: Host): Promise<Call> {
  const until = Date.now() + slowMs;
  for (;;) {
    const isSlow = ({ startedAt }: Call) => Date.now() - startedAt >= slowMs;
    const isHanging = [...host.calls].filter(isSlow).length >= slowMax;
    const leftMs = until - Date.now();
    if (isHanging || (leftMs <= 0 && host.calls.size >= callsMax)) {
      throw new PushPutOff(2 * slowMs, 'the push service has enough to do');
    }
    if (host.calls.size < callsMax) {
      const own = { startedAt: Date.now() };
      host.calls.add(own);
      return own;
    }
    await oneEnds(host, leftMs);
  }
}

/** Or `msMax` passes. */
function oneEnds(host: Host, msMax: number): Promise<void> {
  return new Promise((resolve) => {
    const wake = () => {
      clearTimeout(late);
      host.waiting.delete(wake);
      resolve();
    };
    const late = setTimeout(wake, msMax);
    host.waiting.add(wake);
  });
}
