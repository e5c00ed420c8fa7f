import type { UnitCounts } from './records.ts';

export type SummaryProduct = UnitCounts & {
  productId: string;
  name: string;
  total: number;
  /** Paid orders of this sale, in minor units of `currency`. */
  revenueMinor: number;
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

export type SaleSummary = {
  id: string;
  name: string;
  products: SummaryProduct[];
  funnel: Funnel;
  waits: Waits;
  reconciled: boolean;
};

/** Each bucket of the room's histogram is 15 % wider than the one before (advance.lua). */
const bucketBase = 1.15;

/**
 * Waits from joining to admission by the room's histogram: bucket i counts those of 1.15^i - 1 to
 * 1.15^(i+1) - 1 seconds. Whole seconds; null where nobody was admitted yet.
 */
export function waitsFrom(histogram: Readonly<Record<string, number>>): Waits {
  const buckets = Object.entries(histogram)
    .map(([bucket, count]) => ({ bucket: Number(bucket), count }))
    .filter(({ bucket, count }) => Number.isInteger(bucket) && count > 0)
    .sort((a, b) => a.bucket - b.bucket);
  return { p50Seconds: percentile(buckets, 0.5), p95Seconds: percentile(buckets, 0.95) };
}

function percentile(buckets: { bucket: number; count: number }[], share: number): number | null {
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

/** The same figures as both stores have them. */
export type Ledgered = { stock: Map<string, UnitCounts>; redeemed: number; holding: number };

/** Whether Redis' late picture has caught up with Postgres: stock, redemptions, unpaid orders. */
export function agree(redis: Ledgered, postgres: Ledgered): boolean {
  if (redis.redeemed !== postgres.redeemed || redis.holding !== postgres.holding) return false;
  if (redis.stock.size !== postgres.stock.size) return false;
  return [...postgres.stock].every(([productId, counts]) => {
    const seen = redis.stock.get(productId);
    return seen?.free === counts.free && seen.held === counts.held && seen.sold === counts.sold;
  });
}

/** The room's stock hash, `product -> free:held:sold`; its sums and version are left out. */
export function stockFrom(hash: Readonly<Record<string, string>>): Map<string, UnitCounts> {
  const stock = new Map<string, UnitCounts>();
  for (const [field, value] of Object.entries(hash)) {
    const [free, held, sold] = value.split(':').map(Number);
    if (free !== undefined && held !== undefined && sold !== undefined) {
      stock.set(field, { free, held, sold });
    }
  }
  return stock;
}
