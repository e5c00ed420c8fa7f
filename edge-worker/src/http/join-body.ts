import { publicJwkSchema } from '@fairgate/shared/token/public-jwk.ts';
import { z } from 'zod';

/** A PushSubscription as browsers make JSON of it (W3C Push API). */
const pushSubscriptionSchema = z.object({
  endpoint: z.url({ protocol: /^https$/ }).max(2_000),
  expirationTime: z.number().nullish(),
  keys: z.object({ p256dh: z.base64url().max(200), auth: z.base64url().max(100) }),
});

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
  email: z.email().max(254).optional(),
  /** BCP 47. */
  language: z
    .string()
    .regex(/^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,4}$/, 'must be a language tag')
    .optional(),
  pushSubscription: pushSubscriptionSchema.optional(),
});

/** What a call for the purchase token may say. */
export const tokenBodySchema = z.object({ challenge: challengeSchema.optional() });
