import { z } from 'zod';

export const breakerStates = ['closed', 'open', 'half-open'] as const;

/** What a checkout tells of itself with each of its beats; of an older one less is known. */
export const checkoutHealthSchema = z.object({
  /** Names of the payment providers that it is set up with. */
  providers: z.array(z.string()).nullable().default(null).catch(null),
  /** Of its circuit breakers, by provider. */
  breakers: z.record(z.string(), z.enum(breakerStates)).default({}).catch({}),
  /** Answers of 500 and above within the last minute. */
  errorsPerMinute: z.number().default(0).catch(0),
  /**
   * Redemptions a second that it can claim, as its own batches last showed (`capacity.ts`); null
   * until it had that much to do. Kept when the instance starts again.
   */
  claimsPerSecond: z.number().nullable().default(null).catch(null),
});
export type CheckoutHealth = z.infer<typeof checkoutHealthSchema>;
