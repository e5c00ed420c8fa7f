import { z } from 'zod';
import { lanes } from '../place.ts';
import { pushEndpointMax } from './push-endpoint.ts';

/** So many bytes as base64url, as browsers give them. */
const bytes = (length: number) =>
  z.base64url().length(Math.ceil((length * 4) / 3), `must be ${length} bytes as base64url`);

/** A PushSubscription as browsers make JSON of it (W3C Push API; its keys: RFC 8291). */
export const pushSubscriptionSchema = z.object({
  endpoint: z.url({ protocol: /^https?$/ }).max(pushEndpointMax),
  expirationTime: z.number().nullish(),
  keys: z.object({ p256dh: bytes(65), auth: bytes(16) }),
});
export type PushSubscription = z.infer<typeof pushSubscriptionSchema>;

export const emailSchema = z.email().max(254);

/** BCP 47. */
export const languageTagSchema = z
  .string()
  .max(35)
  .regex(/^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,4}$/, 'must be a language tag');

/** How a shopper asks to be told of their place. What is left out stays; null takes it away. */
export const wishSchema = z.object({
  email: emailSchema.nullish(),
  language: languageTagSchema.optional(),
  pushSubscription: pushSubscriptionSchema.nullish(),
});
export type Wish = z.infer<typeof wishSchema>;

/** The wish of whoever has a place, as it waits in Redis. `number`: the place's own. */
export const placeAskSchema = wishSchema.extend({
  visitor: z.string().min(1).max(100),
  number: z.int().min(1),
  lane: z.enum(lanes),
});
export type PlaceAsk = z.infer<typeof placeAskSchema>;

/** An ask has some 500 bytes: with the queue service away so many wait, and the oldest go first. */
export const asksMax = 100_000;
/** Whatever nobody has taken by then is of no use, and is somebody's address. */
export const asksSeconds = 24 * 3_600;
