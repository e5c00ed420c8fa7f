import { type MetricsPage, prometheusMetrics } from '../adapters/metrics.ts';

/** Figures of parts that are tested without the rest of the service. */
export function quietMetrics(): MetricsPage {
  return prometheusMetrics(() => ({
    queueDepth: () => 0,
    secondPassWaiting: () => 0,
    batchesUnderWay: () => 0,
    watchers: () => 0,
    breakers: () => [],
  }));
}
