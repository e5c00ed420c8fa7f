import { isoTime } from '@fairgate/shared/clock.ts';
import { z } from 'zod';
import type { Summaries } from '../app/summaries.ts';
import { summaryCsv } from '../domain/csv.ts';
import type { SaleSummary } from '../domain/summary.ts';
import type { Authenticate } from './auth.ts';
import { type Api, type Endpoint, serve } from './endpoint.ts';
import { adminState, at, count } from './views.ts';

/** What each figure counts is told in docs/summary.md. */
const units = { total: count, free: count, held: count, sold: count };
const money = {
  revenueMinor: count.describe('orders of this sale that are paid; refunded ones are not'),
  refundedMinor: count.describe('orders of this sale that were paid and refunded'),
};

export const summaryView = z.object({
  id: z.string(),
  name: z.string(),
  state: adminState,
  products: z.array(
    z.object({
      productId: z.string(),
      name: z.string(),
      ...units,
      revenueMinor: money.revenueMinor,
      currency: z.string(),
      soldInSale: count.describe('units of paid orders of this sale'),
      refundedMinor: money.refundedMinor,
    }),
  ),
  totals: z.object({ ...units, ...money, currency: z.string() }),
  funnel: z.object({
    joined: count,
    admitted: count,
    issued: count,
    redeemed: count,
    paid: count,
    expired: count,
    abandoned: count,
    blocked: count,
  }),
  waits: z.object({
    p50Seconds: count.nullable().describe('null where nobody was let in yet'),
    p95Seconds: count.nullable(),
    histogram: z
      .array(z.object({ fromSeconds: count, count }))
      .describe('waits from there up to the next one; a bucket is 15 % wider than the one before'),
  }),
  blocked: z.record(z.string(), count).describe('refused attempts by reason'),
  orders: z.object({
    paid: count,
    awaitingPayment: count,
    expired: count,
    cancelled: count,
    refunded: count,
  }),
  sellThrough: z
    .array(z.object({ at, sold: z.int(), paid: z.int() }))
    .describe('200 points at most: units held or sold at that moment, and units paid for'),
  reconciled: z.boolean().describe('Redis and Postgres agree on stock, redemptions and holds'),
  reconciliation: z.object({
    checkedAt: at.describe('when the ledger was counted against the tables'),
    differences: z.array(z.string()).describe('in words, with product and figures'),
  }),
});

export const summaryEndpoints = {
  summary: {
    idPrefix: 'sale',
    path: '/v1/sales/{id}/summary',
    method: 'GET',
    role: 'viewer',
    summary: 'What was sold, to how many, and how long they waited; CSV by `Accept: text/csv`',
    status: 200,
    answer: summaryView,
    alsoTypes: ['text/csv'],
  },
} as const satisfies Record<string, Endpoint<unknown, unknown>>;

export function summaryRoutes(
  api: Api,
  authenticate: Authenticate,
  { summaries }: { summaries: Summaries },
): void {
  serve(api, authenticate, summaryEndpoints.summary, async ({ c, id }) => {
    const summary = await summaries.read(id);
    c.header('vary', 'accept');
    c.header('cache-control', 'no-store');
    if (!/\btext\/csv\b/i.test(c.req.header('accept') ?? '')) return c.json(viewSummary(summary));
    c.header('content-type', 'text/csv; charset=utf-8; header=present');
    c.header('content-disposition', `attachment; filename="${id}-summary.csv"`);
    return c.body(summaryCsv(summary));
  });
}

function viewSummary(summary: SaleSummary): z.infer<typeof summaryView> {
  const { sellThrough, reconciliation, ...rest } = summary;
  return {
    ...rest,
    sellThrough: sellThrough.map((point) => ({ ...point, at: isoTime(point.at) })),
    reconciliation: { ...reconciliation, checkedAt: isoTime(reconciliation.checkedAt) },
  };
}
