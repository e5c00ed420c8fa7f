import type { OrderState } from '@fairgate/shared/order.ts';
import type { AdminState } from './phase.ts';
import { type UnitCounts, unitsTotal } from './records.ts';
import type { SellThroughPoint } from './sell-through.ts';
import { amountOf, type Tally } from './tally.ts';

/** What each figure counts is told in docs/summary.md. Money in minor units of `currency`. */
export type SummaryProduct = UnitCounts & {
  productId: string;
  name: string;
  total: number;
  /** Of orders of this sale that are paid; those refunded are not. */
  revenueMinor: number;
  currency: string;
  /** Units of those paid orders: the product may have been in another sale too. */
  soldInSale: number;
  /** Of orders that were paid and refunded. */
  refundedMinor: number;
};

export type Totals = UnitCounts & {
  total: number;
  revenueMinor: number;
  refundedMinor: number;
  currency: string;
};

export type Funnel = {
  joined: number;
  admitted: number;
  issued: number;
  redeemed: number;
  paid: number;
  expired: number;
  abandoned: number;
  blocked: number;
};

export type Waits = { p50Seconds: number | null; p95Seconds: number | null };
export type WaitBucket = { fromSeconds: number; count: number };

export type OrderCounts = {
  paid: number;
  awaitingPayment: number;
  expired: number;
  cancelled: number;
  refunded: number;
};

/** Times in ms since the epoch. */
export type SaleSummary = {
  id: string;
  name: string;
  state: AdminState;
  products: SummaryProduct[];
  totals: Totals;
  funnel: Funnel;
  waits: Waits & { histogram: WaitBucket[] };
  blocked: Record<string, number>;
  orders: OrderCounts;
  sellThrough: SellThroughPoint[];
  reconciled: boolean;
  reconciliation: { checkedAt: number; differences: string[] };
};

type Stocked = UnitCounts & { productId: string; name: string; currency: string };

export function summaryProduct(product: Stocked, tally: Tally): SummaryProduct {
  const { productId, name, free, held, sold, currency } = product;
  const of = (state: OrderState) => amountOf(tally, productId, state);
  return {
    productId,
    name,
    total: unitsTotal(product),
    free,
    held,
    sold,
    revenueMinor: of('paid').minor,
    currency,
    soldInSale: of('paid').units,
    refundedMinor: of('refunded').minor,
  };
}

export function totalsOf(products: readonly SummaryProduct[], currency: string): Totals {
  const sum = (figure: (product: SummaryProduct) => number) =>
    products.reduce((all, product) => all + figure(product), 0);
  return {
    total: sum(({ total }) => total),
    free: sum(({ free }) => free),
    held: sum(({ held }) => held),
    sold: sum(({ sold }) => sold),
    revenueMinor: sum(({ revenueMinor }) => revenueMinor),
    refundedMinor: sum(({ refundedMinor }) => refundedMinor),
    currency,
  };
}

export function orderCounts({ orders }: Tally): OrderCounts {
  const { paid, awaiting_payment: awaitingPayment, expired, cancelled, refunded } = orders;
  return { paid, awaitingPayment, expired, cancelled, refunded };
}

/** Each bucket of the room's histogram is 15 % wider than the one before (advance.lua). */
const bucketBase = 1.15;

type Bucket = { bucket: number; count: number };

/**
 * Waits from joining to admission by the room's histogram: bucket i counts those of 1.15^i - 1 to
 * 1.15^(i+1) - 1 seconds. Whole seconds; null where nobody was admitted yet. In `histogram` the
 * buckets that begin within the same second are one.
 */
export function waitsFrom(counts: Readonly<Record<string, number>>): SaleSummary['waits'] {
  const buckets = Object.entries(counts)
    .map(([bucket, count]) => ({ bucket: Number(bucket), count }))
    .filter(({ bucket, count }) => Number.isInteger(bucket) && count > 0)
    .sort((a, b) => a.bucket - b.bucket);
  return {
    p50Seconds: percentile(buckets, 0.5),
    p95Seconds: percentile(buckets, 0.95),
    histogram: bySeconds(buckets),
  };
}

function percentile(buckets: readonly Bucket[], share: number): number | null {
  const wanted = share * buckets.reduce((sum, { count }) => sum + count, 0);
  let below = 0;
  for (const { bucket, count } of buckets) {
    if (below + count >= wanted) {
      const within = (wanted - below) / count;
      return Math.round(bucketBase ** (bucket + within) - 1);
    }
    below += count;
  }
  return null;
}

function bySeconds(buckets: readonly Bucket[]): WaitBucket[] {
  const bySecond = new Map<number, number>();
  for (const { bucket, count } of buckets) {
    const fromSeconds = Math.floor(bucketBase ** bucket - 1);
    bySecond.set(fromSeconds, (bySecond.get(fromSeconds) ?? 0) + count);
  }
  return [...bySecond].map(([fromSeconds, count]) => ({ fromSeconds, count }));
}

/** The sum of some counts by name. */
export function sumOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
