import { placeSchema } from '@fairgate/shared/place.ts';
import { publicSaleSchema } from '@fairgate/shared/sale.ts';
import { z } from 'zod';

export const saleAnswerSchema = publicSaleSchema.extend({
  stale: z.literal(true).optional().describe('by an old snapshot: the room is away'),
});
export type SaleAnswer = z.infer<typeof saleAnswerSchema>;

export const saleListSchema = z.object({
  items: z.array(publicSaleSchema),
  nextCursor: z.string().nullable(),
});
export type SaleListAnswer = z.infer<typeof saleListSchema>;

/** ALTCHA's proof of work, or Turnstile's widget. */
export const challengeAnswerSchema = z.union([
  z.object({
    algorithm: z.literal('SHA-256'),
    challenge: z.string().regex(/^[0-9a-f]{64}$/),
    maxnumber: z.int().min(1),
    salt: z.string(),
    signature: z.string().regex(/^[0-9a-f]{64}$/),
  }),
  z.object({ kind: z.literal('turnstile'), siteKey: z.string(), cData: z.string() }),
]);
export type ChallengeAnswer = z.infer<typeof challengeAnswerSchema>;

const ticket = z.string().describe('the signed proof of the place: a Bearer token');

export const joinAnswerSchema = z.object({ ticket, place: placeSchema });
export type JoinAnswer = z.infer<typeof joinAnswerSchema>;

export const pollAnswerSchema = z.object({
  place: placeSchema,
  serverTime: z.iso.datetime().describe('by which the times of the place go'),
  ticket: ticket.describe('replaces the one that was shown').optional(),
});
export type PollAnswer = z.infer<typeof pollAnswerSchema>;

/** The page of a sale, for a program: the sale, and where the visitor stands. */
export const shownSaleSchema = z.object({
  sale: saleAnswerSchema,
  place: placeSchema.nullable().describe('null: whoever asks has joined by no ticket of this sale'),
  serverTime: z.iso.datetime(),
  ticket: ticket.describe('replaces the one that was shown').optional(),
});
export type ShownSale = z.infer<typeof shownSaleSchema>;

export const tokenAnswerSchema = z.object({
  token: z.string().describe('the purchase token: a JWT, EdDSA'),
  expiresAt: z.iso.datetime(),
  checkoutUrl: z.url(),
});
export type TokenAnswer = z.infer<typeof tokenAnswerSchema>;

export const jwksSchema = z.object({
  keys: z.array(
    z.object({
      kty: z.literal('OKP'),
      crv: z.literal('Ed25519'),
      x: z.base64url(),
      kid: z.string(),
      alg: z.literal('EdDSA'),
      use: z.literal('sig'),
    }),
  ),
});

export const healthSchema = z.object({ status: z.literal('ok') });
export type Health = z.infer<typeof healthSchema>;
