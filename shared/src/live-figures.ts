import { z } from 'zod';
import { breakerStates } from './db/checkout-health.ts';
import { saleStates } from './sale.ts';

const count = z.int().min(0);

export const checkoutStatusSchema = z.object({
  instance: z.string(),
  breakers: z.record(z.string(), z.enum(breakerStates)).describe('by payment provider'),
  errorsPerMinute: count.describe('answers of 500 and above'),
  claimsPerSecond: z.number().nullable().describe('as last measured; null: not yet'),
  ageSeconds: count.describe('since it was last heard of'),
});
export type CheckoutStatus = z.infer<typeof checkoutStatusSchema>;

/** The figures of a moment, as they are streamed and kept; the sale's settings stand beside them. */
export const liveFiguresSchema = z.object({
  at: z.iso.datetime(),
  state: z.enum(['draft', ...saleStates]),
  admitPerMinute: count.describe('the rate that is set'),
  waiting: count,
  admitted: count.describe('let in, token alive and unspent'),
  active: count.describe('admitted, and orders that await payment'),
  issued: count,
  redeemed: count,
  paid: count.describe('orders that are paid'),
  expired: count,
  left: count,
  abandoned: count,
  joinedTotal: count,
  admittedTotal: count,
  joinedPerMinute: count,
  admittedPerMinute: count,
  oldestWaitSeconds: count,
  placesPerAddressMost: count.describe('at a time, of one address; counted where there is a limit'),
  stock: z.object({ total: count, free: count, held: count, sold: count }),
  waits: z.object({ p50Seconds: count.nullable(), p95Seconds: count.nullable() }),
  blocked: z.record(z.string(), count).describe('refused attempts so far, by reason'),
  checkouts: z.array(checkoutStatusSchema),
});
export type LiveFigures = z.infer<typeof liveFiguresSchema>;

/** A point of the history: what plots show of the figures. */
export const historyItemSchema = liveFiguresSchema
  .pick({
    at: true,
    state: true,
    admitPerMinute: true,
    waiting: true,
    active: true,
    joinedTotal: true,
    admittedTotal: true,
    issued: true,
    redeemed: true,
    paid: true,
    abandoned: true,
    joinedPerMinute: true,
    admittedPerMinute: true,
  })
  .extend({
    free: count,
    held: count,
    sold: count,
    p50Seconds: count.nullable(),
    p95Seconds: count.nullable(),
    blocked: count,
    errorsPerMinute: count,
  });
export type HistoryItem = z.infer<typeof historyItemSchema>;

/** Figures as a point of the history. */
export function historyItem(figures: LiveFigures): HistoryItem {
  const { stock, waits, blocked, checkouts, ...rest } = figures;
  const kept = historyItemSchema.keyof().options;
  const all = {
    ...rest,
    free: stock.free,
    held: stock.held,
    sold: stock.sold,
    ...waits,
    blocked: Object.values(blocked).reduce((sum, one) => sum + one, 0),
    errorsPerMinute: checkouts.reduce((sum, one) => sum + one.errorsPerMinute, 0),
  };
  const item = Object.fromEntries(kept.map((name) => [name, all[name]]));
  return historyItemSchema.parse(item);
}
