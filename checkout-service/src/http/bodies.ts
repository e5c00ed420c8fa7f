import { z } from 'zod';
import { limits } from '../limits.ts';

const id = z.string().min(1).max(64);

export const redemptionSchema = z.object({
  items: z
    .array(z.object({ productId: id, quantity: z.int().min(1).max(limits.quantityAskedMax) }))
    .min(1)
    .max(limits.itemsMax),
  email: z.email().max(254).optional(),
});

/** 12 to 19 digits, as ISO/IEC 7812 has them; blanks and hyphens are what people type. */
const card = z
  .string()
  .max(32)
  .transform((text) => text.replaceAll(/[ -]/g, ''))
  .pipe(z.string().regex(/^\d{12,19}$/, 'is not a card number'));

export const paymentSchema = z.discriminatedUnion('provider', [
  z.object({
    provider: z.literal('sandbox'),
    card,
    cvc: z
      .string()
      .regex(/^\d{3,4}$/)
      .optional(),
  }),
  z.object({ provider: z.literal('stripe') }),
]);

export const redeemFormSchema = z.object({
  sale: id,
  token: z.string().min(1).max(4_096),
  key: z.string().min(8).max(255),
  /** Checked with the redemption itself, so that the form is shown again. */
  email: z.string().optional(),
});

export const payFormSchema = z.object({ card });

/** 1 to 255 printable characters of ASCII. */
export const idempotencyKeySchema = z.string().regex(/^[\x20-\x7e]{1,255}$/);

/** `actor` is who gave the order, as the ledger names them: `key:…`. */
export const refundSchema = z.object({
  actor: z.string().regex(/^[a-z]+:[\w.-]{1,100}$/, 'is no actor'),
  reason: z
    .string()
    .max(500)
    .nullish()
    .transform((text) => text ?? null),
});
