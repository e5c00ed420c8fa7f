import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { CheckoutMetrics } from '../app/metrics.ts';

export type MetricsPage = CheckoutMetrics & {
  contentType: string;
  text(): Promise<string>;
};

/** What is read when someone scrapes. */
export type Gauges = {
  queueDepth(): number;
  secondPassWaiting(): number;
  batchesUnderWay(): number;
  watchers(): number;
  breakers(): { name: string; breaker: string }[];
};

const breakerValue: Record<string, number> = { closed: 0, 'half-open': 1, open: 2 };

/** The checkout's figures for Prometheus. */
export function prometheusMetrics(gauges: () => Gauges): MetricsPage {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const redemptions = new Counter({
    name: 'fairgate_redemptions_total',
    help: 'Redemptions by outcome',
    labelNames: ['outcome'],
    registers,
  });
  const batchSize = new Histogram({
    name: 'fairgate_claim_batch_size',
    help: 'Redemptions in a batch',
    buckets: [1, 2, 5, 10, 20, 50, 100, 200],
    registers,
  });
  const claimSeconds = new Histogram({
    name: 'fairgate_claim_seconds',
    help: 'Time from the start of a batch to its outcomes',
    buckets: [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5],
    registers,
  });
  const waitSeconds = new Histogram({
    name: 'fairgate_claim_wait_seconds',
    help: 'Time that a redemption waited for its batch to begin',
    buckets: [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5],
    registers,
  });
  const unitsClaimed = new Counter({
    name: 'fairgate_units_claimed_total',
    help: 'Units that redemptions claimed',
    registers,
  });
  const counter = (name: string, help: string, label: string) =>
    new Counter({ name, help, labelNames: [label], registers });
  const orders = counter('fairgate_order_changes_total', 'Orders by change of state', 'change');
  const paid = counter('fairgate_payments_total', 'Payments by outcome', 'outcome');
  const reports = counter('fairgate_reports_total', 'Reports to rooms by outcome', 'outcome');
  const differences = new Gauge({
    name: 'fairgate_reconcile_differences',
    help: 'Differences between Redis and Postgres that stand, by kind',
    labelNames: ['kind'],
    registers,
  });
  const repairs = counter('fairgate_reconcile_repairs_total', 'Differences repaired', 'kind');
  const reconciled = new Gauge({
    name: 'fairgate_reconcile_whole_since_seconds',
    help: 'Unix time since when every live sale was compared whole; old: differences are not seen',
    registers,
  });
  const failures = counter('fairgate_loop_failures_total', 'Failed rounds by loop', 'loop');
  const sweepRefusals = new Counter({
    name: 'fairgate_sweep_refusals_total',
    help: 'Orders whose time is up and whose end Postgres refuses, each time that it does',
    registers,
  });
  const provider = addProviderCalls(registers);
  addGauges(registers, gauges);
  return {
    redeemed: (outcome) => redemptions.inc({ outcome }),
    batch(size, seconds) {
      batchSize.observe(size);
      claimSeconds.observe(seconds);
    },
    claimed: (units) => unitsClaimed.inc(units),
    waited: (seconds) => waitSeconds.observe(seconds),
    orderChanged: (change, count) => orders.inc({ change }, count),
    sweepRefused: () => sweepRefusals.inc(),
    payment: (outcome) => paid.inc({ outcome }),
    paymentJob: paymentJobCounter(registers),
    providerCall: provider,
    timeBack: timeBackCounter(registers),
    reports: (outcome, count) => reports.inc({ outcome }, count),
    differences: (kind, count) => differences.set({ kind }, count),
    repaired: (kind, count) => repairs.inc({ kind }, count),
    outbox: outboxGauges(registers),
    reconciled: (since) => reconciled.set(since / 1_000),
    loopFailed: (loop) => failures.inc({ loop }),
    contentType: registry.contentType,
    text: () => registry.metrics(),
  };
}

function outboxGauges(registers: Registry[]): CheckoutMetrics['outbox'] {
  const gauge = (name: string, help: string) =>
    new Gauge({ name, help, labelNames: ['topic'], registers });
  const waiting = gauge('fairgate_outbox_rows', 'Rows in the outbox by topic; refused: set aside');
  const age = gauge('fairgate_outbox_age_seconds', 'Age of the oldest row in the outbox, by topic');
  return (topic, rows, ageSeconds) => {
    waiting.set({ topic }, rows);
    age.set({ topic }, ageSeconds);
  };
}

function timeBackCounter(registers: Registry[]): CheckoutMetrics['timeBack'] {
  const back = new Counter({
    name: 'fairgate_time_back_total',
    help: 'Tokens that a fault of ours kept from being spent, by what the room gave back',
    labelNames: ['outcome'],
    registers,
  });
  return (outcome) => back.inc({ outcome });
}

function paymentJobCounter(registers: Registry[]): CheckoutMetrics['paymentJob'] {
  const jobs = new Counter({
    name: 'fairgate_payment_jobs_total',
    help: 'Attempts at payment jobs by kind and outcome; failed is for good, swept is by the sweep',
    labelNames: ['kind', 'outcome'],
    registers,
  });
  return (kind, outcome) => jobs.inc({ kind, outcome });
}

function addProviderCalls(registers: Registry[]): CheckoutMetrics['providerCall'] {
  const calls = new Counter({
    name: 'fairgate_provider_calls_total',
    help: 'Calls of payment providers by outcome; a call with its retries counts once',
    labelNames: ['provider', 'operation', 'outcome'],
    registers,
  });
  const seconds = new Histogram({
    name: 'fairgate_provider_call_seconds',
    help: 'Time that a call of a payment provider took, with its retries',
    labelNames: ['provider', 'operation'],
    buckets: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers,
  });
  return (provider, { operation, outcome, seconds: took }) => {
    calls.inc({ provider, operation, outcome });
    seconds.observe({ provider, operation }, took);
  };
}

function addGauges(registers: Registry[], gauges: () => Gauges): void {
  const gauge = (name: string, help: string, value: () => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(value());
      },
    });
  gauge('fairgate_claim_queue_depth', 'Redemptions that wait for a batch', () =>
    gauges().queueDepth(),
  );
  gauge('fairgate_claim_second_pass_waiting', 'Redemptions that wait for rows of others', () =>
    gauges().secondPassWaiting(),
  );
  gauge('fairgate_claim_batches_under_way', 'Batches under way', () => gauges().batchesUnderWay());
  gauge('fairgate_event_streams', 'Open event streams', () => gauges().watchers());
  new Gauge({
    name: 'fairgate_breaker_state',
    help: 'Circuit breaker by provider: 0 closed, 1 half-open, 2 open',
    labelNames: ['provider'],
    registers,
    collect() {
      for (const { name, breaker } of gauges().breakers()) {
        this.set({ provider: name }, breakerValue[breaker] ?? 2);
      }
    },
  });
}
