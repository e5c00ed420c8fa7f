import { CircuitState, type IBreaker } from 'cockatiel';

export type WindowFigures = {
  sampleMs: number;
  faultsMin: number;
  ordersMin: number;
  faultShare: number;
};

/** Tells cockatiel's breaker when to open. */
export type FaultWindow = IBreaker & {
  note(orderId: string, went: 'answered' | 'failed'): void;
};

/**
 * The calls of the last `sampleMs`. It ages by time, however seldom anybody calls (cockatiel's own
 * windows age by calls alone), and counts the orders that met a fault: one shopper whose card makes
 * the provider fail opens nothing, however often they try.
 */
export function faultWindow(figures: WindowFigures, now: () => number): FaultWindow {
  const { sampleMs, faultsMin, ordersMin, faultShare } = figures;
  let calls: { atMs: number; orderId: string; went: 'answered' | 'failed' }[] = [];
  return {
    state: null,
    note(orderId, went) {
      const atMs = now();
      calls = calls.filter((call) => call.atMs > atMs - sampleMs);
      calls.push({ atMs, orderId, went });
    },
    success(state) {
      if (state === CircuitState.HalfOpen) calls = [];
    },
    failure(state) {
      if (state !== CircuitState.Closed) return true;
      const faults = calls.filter(({ went }) => went === 'failed');
      if (faults.length < faultsMin || faults.length <= faultShare * calls.length) return false;
      return new Set(faults.map(({ orderId }) => orderId)).size >= ordersMin;
    },
  };
}
