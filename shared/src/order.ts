import { z } from 'zod';

export const orderStates = [
  'awaiting_payment',
  'paid',
  'expired',
  'cancelled',
  'refunded',
] as const;
export type OrderState = (typeof orderStates)[number];

export const unitStates = ['free', 'held', 'sold'] as const;
export type UnitState = (typeof unitStates)[number];

const count = z.int().min(0);

/** An order as CONTRACT.md section 4 shows it. */
export const orderSchema = z.object({
  id: z.string(),
  saleId: z.string(),
  state: z.enum(orderStates),
  items: z.array(
    z.object({
      productId: z.string(),
      quantity: z.int().min(1),
      unitPriceMinor: count.describe('in minor units of the currency'),
      units: z.array(z.string()).describe('their ids; none once the order has ended'),
    }),
  ),
  totalMinor: count,
  currency: z.string().describe('ISO 4217'),
  payBefore: z.iso.datetime(),
  createdAt: z.iso.datetime(),
  paidAt: z.exactOptional(z.iso.datetime()),
  failure: z.exactOptional(z.string()).describe('why the last payment came to nothing'),
  outageSeconds: z
    .exactOptional(z.int())
    .describe('by how much `payBefore` was put off because the payment provider was away'),
});
export type Order = z.infer<typeof orderSchema>;
export type OrderItem = Order['items'][number];

/** By what the units of a sale are counted for the one who buys them. */
export const buyerKinds = ['visitor', 'email', 'identity'] as const;
export type BuyerKind = (typeof buyerKinds)[number];
