import { outcomeSchema } from '@fairgate/shared/reported-outcomes.ts';
import { z } from 'zod';
import { limits } from '../limits.ts';

const id = z.string().min(1).max(64);
const token = z.string().min(1).max(4_096).describe('the purchase token');

export const redemptionSchema = z.strictObject({
  items: z
    .array(z.strictObject({ productId: id, quantity: z.int().min(1).max(limits.quantityAskedMax) }))
    .min(1)
    .max(limits.itemsMax),
  email: z.email().max(254).optional().describe('where to send the confirmation'),
  language: z
    .string()
    .max(35)
    .regex(/^[a-zA-Z]{2,8}([-_][a-zA-Z0-9]{1,8})*$/, 'is no language tag (BCP 47)')
    .optional()
    .describe('of the notices, as BCP 47; otherwise as Accept-Language says'),
});

/** 12 to 19 digits, as ISO/IEC 7812 has them; blanks and hyphens are what people type. */
const card = z
  .string()
  .max(32)
  .meta({ examples: ['4242424242424242'] })
  .transform((text) => text.replaceAll(/[ -]/g, ''))
  .pipe(z.string().regex(/^\d{12,19}$/, 'is not a card number'));

export const paymentSchema = z.discriminatedUnion('provider', [
  z.strictObject({
    provider: z.literal('sandbox'),
    card,
    cvc: z
      .string()
      .regex(/^\d{3,4}$/)
      .optional(),
  }),
  z.strictObject({ provider: z.literal('stripe') }),
]);

/** Of the checkout page, where a form brings the token. */
export const tokenFormSchema = z.object({ token: z.string().max(4_096) });

export const redeemFormSchema = z.object({
  sale: id,
  token,
  key: z.string().min(8).max(255),
  /** Checked with the redemption itself, so that the form is shown again. */
  email: z.string().optional(),
  productId: id,
  // What is no number is refused with the redemption itself, so that the form is shown again.
  quantity: z.coerce.number().catch(0),
});

export const payFormSchema = z.object({ card });

/** 1 to 255 printable characters of ASCII. */
export const idempotencyKeySchema = z.string().regex(/^[\x20-\x7e]{1,255}$/);

/** Who gave the order, as the ledger names them: `key:…`. */
const actor = z.string().regex(/^[a-z]+:[\w.-]{1,100}$/, 'is no actor');

export const reportsSchema = z.strictObject({
  actor,
  outcomes: z.array(
    outcomeSchema.transform((one) =>
      one.outcome === 'abandoned' ? one : { ...one, items: one.items ?? null },
    ),
  ),
});

export const refundSchema = z.strictObject({
  actor,
  reason: z
    .string()
    .max(500)
    .nullish()
    .transform((text) => text ?? null),
});
