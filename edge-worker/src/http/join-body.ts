import { z } from 'zod';

/** A public JWK (RFC 7517); a private member is a mistake that must not be made. */
const publicKeySchema = z.union([
  z.strictObject({
    kty: z.literal('EC'),
    crv: z.literal('P-256'),
    x: z.base64url(),
    y: z.base64url(),
    alg: z.string().optional(),
    use: z.string().optional(),
    kid: z.string().max(200).optional(),
    ext: z.boolean().optional(),
    key_ops: z.array(z.string()).max(8).optional(),
  }),
  z.strictObject({
    kty: z.literal('OKP'),
    crv: z.literal('Ed25519'),
    x: z.base64url(),
    alg: z.string().optional(),
    use: z.string().optional(),
    kid: z.string().max(200).optional(),
    ext: z.boolean().optional(),
    key_ops: z.array(z.string()).max(8).optional(),
  }),
]);

/** A PushSubscription as browsers make JSON of it (W3C Push API). */
const pushSubscriptionSchema = z.strictObject({
  endpoint: z.url({ protocol: /^https$/ }).max(2_000),
  expirationTime: z.number().nullish(),
  keys: z.strictObject({ p256dh: z.base64url().max(200), auth: z.base64url().max(100) }),
});

/**
 * What a join may say (CONTRACT.md section 3). All of it is checked; what the room does not use
 * yet is accepted and left: keys are bound, passes spent and challenges judged by later issues.
 */
export const joinBodySchema = z.strictObject({
  challenge: z.string().min(1).max(8_192).optional(),
  pass: z.string().min(1).max(500).optional(),
  identity: z.string().min(1).max(8_192).optional(),
  publicKey: publicKeySchema.optional(),
  email: z.email().max(254).optional(),
  /** BCP 47. */
  language: z
    .string()
    .regex(/^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,4}$/, 'must be a language tag')
    .optional(),
  pushSubscription: pushSubscriptionSchema.optional(),
});
