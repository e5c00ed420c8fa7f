import { orderStates } from '@fairgate/shared/order.ts';
import { placeStates } from '@fairgate/shared/place.ts';
import { saleStates } from '@fairgate/shared/sale.ts';
import { z } from 'zod';

// What the outside may rely on, as CONTRACT.md has it: every answer that a test reads is parsed by
// one of these, so that a field that is missing or of another type fails the test that meets it.

const isoTime = z.iso.datetime();
const count = z.int().min(0);

export const saleShape = z.object({
  id: z.string().startsWith('sale_'),
  name: z.string(),
  state: z.enum(saleStates),
  startsAt: isoTime,
  endsAt: isoTime.nullable(),
  serverTime: isoTime,
  mode: z.enum(['fifo', 'lottery']),
  products: z.array(
    z.object({
      id: z.string().startsWith('prod_'),
      name: z.string(),
      description: z.string(),
      imageUrl: z.string().nullable(),
      priceMinor: count,
      currency: z.string().length(3),
      total: count,
      available: count,
    }),
  ),
  waiting: count,
  admitPerMinute: count,
  message: z.string(),
});
export type SaleAnswer = z.infer<typeof saleShape>;

export const saleListShape = z.object({
  items: z.array(saleShape),
  nextCursor: z.string().nullable(),
});

export const placeShape = z.object({
  state: z.enum(placeStates),
  number: z.int().min(1),
  ahead: count.nullable(),
  behind: count.nullable(),
  etaSeconds: z.object({ low: z.number().min(0), high: z.number().min(0) }).nullable(),
  pollAfterSeconds: z.number().min(0),
  lane: z.enum(['main', 'priority']),
  admittedUntil: isoTime.optional(),
  saleState: z.enum(saleStates),
  message: z.string(),
  outlook: z.object({
    kind: z.enum(['likely', 'unlikely', 'sold_out']),
    unitsLeft: count,
    unitsHeld: count,
  }),
  stale: z.literal(true).optional(),
  halted: z.literal(true).optional(),
});
export type PlaceAnswer = z.infer<typeof placeShape>;

export const joinShape = z.object({ ticket: z.string().min(20), place: placeShape });
export const pollShape = z.object({ place: placeShape, ticket: z.string().min(20).optional() });
export const tokenShape = z.object({
  token: z.string().min(20),
  expiresAt: isoTime,
  checkoutUrl: z.url(),
});
export type TokenAnswer = z.infer<typeof tokenShape>;

export const purchaseClaimsShape = z.object({
  iss: z.string(),
  aud: z.literal('fairgate-checkout'),
  sub: z.string().min(1),
  jti: z.string().min(1),
  sale: z.string().startsWith('sale_'),
  number: z.int(),
  max: z.int().min(1),
  iat: z.int(),
  nbf: z.int(),
  exp: z.int(),
});
export type PurchaseTokenClaims = z.infer<typeof purchaseClaimsShape>;

export const orderShape = z.object({
  id: z.string().startsWith('ord_'),
  saleId: z.string().startsWith('sale_'),
  state: z.enum(orderStates),
  items: z.array(
    z.object({
      productId: z.string().startsWith('prod_'),
      quantity: z.int().min(1),
      unitPriceMinor: count,
      units: z.array(z.string().startsWith('unit_')),
    }),
  ),
  totalMinor: count,
  currency: z.string().length(3),
  payBefore: isoTime,
  createdAt: isoTime,
  paidAt: isoTime.nullish(),
  failure: z.string().nullish(),
});
export type OrderAnswer = z.infer<typeof orderShape>;

export const redemptionShape = z.object({ order: orderShape, orderKey: z.string().min(16) });
export type RedemptionAnswer = z.infer<typeof redemptionShape>;
export const orderAnswerShape = z.object({ order: orderShape });
export const paymentShape = z.object({
  payment: z.object({ id: z.string(), state: z.string() }),
});

export const problemShape = z.object({
  type: z.string(),
  title: z.string().min(1),
  status: z.int(),
  detail: z.string().min(1),
  errors: z.array(z.object({ path: z.string(), message: z.string().min(1) })).optional(),
  orderId: z.string().optional(),
});
export type ProblemAnswer = z.infer<typeof problemShape>;

export const shownSaleShape = z.object({
  sale: saleShape,
  place: placeShape.nullable(),
  serverTime: isoTime,
});
