import type { ProviderCall } from './provider-ports.ts';

/** What is counted; the names of the outcomes are the labels of `/metrics`. */
export type CheckoutMetrics = {
  redeemed(outcome: string): void;
  batch(size: number, seconds: number): void;
  /** Units that a redemption claimed. */
  claimed(units: number): void;
  /** How long a redemption waited for its batch to begin. */
  waited(seconds: number): void;
  orderChanged(change: string, count: number): void;
  /** An order whose time is up, and whose end Postgres refuses. */
  sweepRefused(): void;
  payment(outcome: string): void;
  /** An attempt at a payment job; `failed` is for good. */
  paymentJob(kind: string, outcome: 'done' | 'swept' | 'again' | 'failed'): void;
  providerCall(provider: string, call: ProviderCall): void;
  /** Time given back after a fault of ours: `given`, `kept` (it was, or need not be) or `no-room`. */
  timeBack(outcome: string): void;
  loopFailed(loop: string): void;
  /** Rows that wait in the outbox, and how long the oldest has. */
  outbox(topic: string, rows: number, ageSeconds: number): void;
  /** How many differences between Redis and Postgres stand now, by kind. */
  differences(kind: string, count: number): void;
  repaired(kind: string, count: number): void;
  /** Since then (ms) every sale has been compared whole: an old one says that none may be seen. */
  reconciled(since: number): void;
  /** Reports to rooms: `delivered`; `refused`, set aside; `homeless`; `kept`, for all were refused. */
  reports(outcome: string, count: number): void;
};
