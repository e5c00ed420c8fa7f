import {
  emailSchema,
  languageTagSchema,
  pushSubscriptionSchema,
  wishSchema,
} from '@fairgate/shared/notices/place-ask.ts';
import { publicJwkSchema } from '@fairgate/shared/token/public-jwk.ts';
import { z } from 'zod';

/** A solved challenge: Turnstile's is a text, ALTCHA's may be sent as the object it is. */
export const challengeSchema = z.union([
  z.string().min(1).max(8_192),
  z.record(z.string().max(100), z.unknown()),
]);

/** What a join may say (CONTRACT.md section 3). What is known is checked, and the rest ignored. */
export const joinBodySchema = z.object({
  challenge: challengeSchema.optional(),
  pass: z.string().min(1).max(500).optional(),
  identity: z.string().min(1).max(8_192).optional(),
  publicKey: publicJwkSchema.optional(),
  email: emailSchema.optional(),
  language: languageTagSchema.optional(),
  pushSubscription: pushSubscriptionSchema.optional(),
});

/** What a call for the purchase token may say. */
export const tokenBodySchema = z.object({ challenge: challengeSchema.optional() });

/** How to be told of one's place: what is left out stays as it is, and null takes it away. */
export const noticesBodySchema = wishSchema;
