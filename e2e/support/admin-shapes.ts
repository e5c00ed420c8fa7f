import { roomSettingsSchema } from '@fairgate/shared/sale.ts';
import { z } from 'zod';
import { orderShape } from './shapes.ts';

// What the control API answers (CONTRACT.md section 5).

const count = z.int().min(0);

export const productShape = z.object({
  id: z.string().startsWith('prod_'),
  name: z.string(),
  priceMinor: count,
  currency: z.string().length(3),
});

export const adminSaleShape = z.object({
  id: z.string().startsWith('sale_'),
  name: z.string(),
  state: z.string(),
  startsAt: z.iso.datetime(),
  productIds: z.array(z.string()).optional(),
});

export const figuresShape = z.object({
  settings: roomSettingsSchema,
  state: z.string(),
  waiting: count,
  admitted: count,
  active: count,
  issued: count,
  redeemed: count,
  joinedTotal: count,
  admittedTotal: count,
  joinedPerMinute: z.number().min(0),
  admittedPerMinute: z.number().min(0),
  abandoned: count,
  oldestWaitSeconds: z.number().min(0),
});
export type RoomFiguresAnswer = z.infer<typeof figuresShape>;

export const summaryShape = z.object({
  products: z.array(
    z.object({
      productId: z.string(),
      name: z.string(),
      total: count,
      free: count,
      held: count,
      sold: count,
      revenueMinor: count,
      currency: z.string().length(3),
    }),
  ),
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
  waits: z.object({ p50Seconds: z.number().nullable(), p95Seconds: z.number().nullable() }),
  reconciled: z.boolean(),
});
export type SummaryAnswer = z.infer<typeof summaryShape>;

export const orderPageShape = z.object({
  items: z.array(orderShape),
  nextCursor: z.string().nullable(),
});

export const apiKeyShape = z.object({ id: z.string(), key: z.string().min(20) });
