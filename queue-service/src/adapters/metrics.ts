import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** What Prometheus reads at `/metrics`. */
export function serviceMetrics(blocked: () => Promise<Record<string, number>>) {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const requests = new Histogram({
    name: 'fairgate_control_request_seconds',
    help: 'Requests to the control API, by route and status',
    labelNames: ['method', 'route', 'status'] as const,
    buckets: [0.005, 0.02, 0.1, 0.5, 2, 10],
    registers: [registry],
  });
  const notices = new Counter({
    name: 'fairgate_notices_total',
    help: 'Notices by outcome',
    labelNames: ['outcome'] as const,
    registers: [registry],
  });
  new Gauge({
    name: 'fairgate_blocked_attempts',
    help: 'Attempts that the edge refused since Redis was emptied last, by the refusal',
    labelNames: ['reason'] as const,
    registers: [registry],
    async collect() {
      // With Redis away there is nothing to tell, and the other metrics are told all the same.
      const counts = await blocked().catch(() => ({}));
      this.reset();
      for (const [reason, count] of Object.entries(counts)) this.set({ reason }, count);
    },
  });
  return {
    type: registry.contentType,
    text: () => registry.metrics(),
    observe(request: { method: string; route: string; status: number; seconds: number }) {
      const { method, route, status, seconds } = request;
      requests.observe({ method, route, status }, seconds);
    },
    notice: (outcome: string) => notices.inc({ outcome }),
  };
}
