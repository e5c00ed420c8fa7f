import type { RoomFigures } from '@fairgate/shared/room/room.ts';
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
  const placeNotices = new Counter({
    name: 'fairgate_place_notices_total',
    help: 'Attempts to tell shoppers of their place, and of orders by push, by outcome',
    labelNames: ['channel', 'outcome'] as const,
    registers: [registry],
  });
  const refunds = new Counter({
    name: 'fairgate_ordered_refunds_total',
    help: 'Refunds of a whole sale, order by order, by outcome',
    labelNames: ['outcome'] as const,
    registers: [registry],
  });
  const webhooks = new Counter({
    name: 'fairgate_webhook_attempts_total',
    help: 'Attempts to tell shops of events, by outcome',
    labelNames: ['outcome'] as const,
    registers: [registry],
  });
  const ledgerHeld = new Gauge({
    name: 'fairgate_ledger_held_seconds',
    help: 'For how long an open transaction has held up who reads the ledger; 0: none does',
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
  const rooms = roomGauges(registry);
  return {
    room: rooms,
    type: registry.contentType,
    text: () => registry.metrics(),
    observe(request: { method: string; route: string; status: number; seconds: number }) {
      const { method, route, status, seconds } = request;
      requests.observe({ method, route, status }, seconds);
    },
    notice: (outcome: string) => notices.inc({ outcome }),
    placeNotice: (channel: string, outcome: string) => placeNotices.inc({ channel, outcome }),
    refund: (outcome: string) => refunds.inc({ outcome }),
    webhook: (outcome: string) => webhooks.inc({ outcome }),
    ledgerHeld: (seconds: number) => ledgerHeld.set(seconds),
  };
}

/** Of rooms of the last minute: one that was not heard of since is told no more. */
const roomForgottenMs = 60_000;

function roomGauges(registry: Registry): (saleId: string, figures: RoomFigures) => void {
  const seenAt = new Map<string, number>();
  const gauge = (name: string, help: string) =>
    new Gauge({ name, help, labelNames: ['sale'] as const, registers: [registry] });
  const gauges = {
    waiting: gauge('fairgate_room_waiting', 'Places in line'),
    active: gauge('fairgate_room_active', 'Admissions alive and orders that await payment'),
    abandoned: gauge('fairgate_room_abandoned', 'Places that nothing was heard of for too long'),
    placesPerAddressMost: gauge(
      'fairgate_room_places_per_address_most',
      'Places that one address had at most at a time, in sales that limit them',
    ),
  };
  const names = ['waiting', 'active', 'abandoned', 'placesPerAddressMost'] as const;
  return (sale, figures) => {
    const now = Date.now();
    seenAt.set(sale, now);
    for (const name of names) gauges[name].set({ sale }, figures[name]);
    for (const [other, at] of seenAt) {
      if (now - at < roomForgottenMs) continue;
      seenAt.delete(other);
      for (const name of names) gauges[name].remove({ sale: other });
    }
  };
}
