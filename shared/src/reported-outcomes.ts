import { z } from 'zod';
import { orderSchema } from './order.ts';

/** A problem document (RFC 9457) that is a part of an answer. */
export const problemDocumentSchema = z.looseObject({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
});

/** What a checkout says to each report of the shop's own one, in their order. */
export const reportedAnswerSchema = z.object({
  results: z.array(
    z.discriminatedUnion('result', [
      z.object({ result: z.literal('accepted'), order: orderSchema.nullable() }),
      z.object({ result: z.literal('refused'), problem: problemDocumentSchema }),
    ]),
  ),
});
export type ReportedAnswer = z.infer<typeof reportedAnswerSchema>;

/** One report takes some 900 bytes, and a body 64 KiB. */
export const reportsMax = 50;

const items = z
  .array(
    z.strictObject({ productId: z.string().min(1).max(64), quantity: z.int().min(1).max(100) }),
  )
  .min(1)
  .max(100)
  .optional()
  .describe('what was taken; needed unless `started` told it');

const token = z
  .string()
  .min(1)
  .max(2_048)
  .describe('the purchase token as the shopper has shown it; it may have expired meanwhile');

/** What became of a purchase token at a checkout of the shop's own. */
export const outcomeSchema = z.discriminatedUnion('outcome', [
  z.strictObject({
    outcome: z.literal('started').describe('units are held, as `paySeconds` says'),
    token,
    items,
  }),
  z.strictObject({ outcome: z.literal('bought').describe('the units are sold'), token, items }),
  z.strictObject({
    outcome: z.literal('abandoned').describe('what was held, or could be, is free again'),
    token,
  }),
]);

export type Outcome = z.infer<typeof outcomeSchema>;

export const outcomesSchema = z
  .array(outcomeSchema)
  .min(1)
  .max(reportsMax)
  .refine((all) => new Set(all.map((one) => one.token)).size === all.length, 'names a token twice');
