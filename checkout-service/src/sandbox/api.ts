import { z } from 'zod';
import { failureWord, isCurrency, isProviderId } from '../domain/provider-words.ts';

const id = z.string().refine(isProviderId, 'is no id');

/** What checkout and sandbox say to each other; both sides parse with these. */
export const createSchema = z.object({
  /** The caller's id of the payment: the same id is the same payment, however often it comes. */
  paymentId: z.string().min(1).max(64),
  amountMinor: z.int().min(0),
  currency: z.string().min(3).max(3),
  card: z.string().min(1).max(32),
});

export const paymentSchema = z.object({
  paymentId: id,
  reference: id,
  state: z.enum(['processing', 'succeeded', 'failed', 'refunded']),
  amountMinor: z.number(),
  currency: z.string().refine(isCurrency, 'is no currency'),
  failure: z.string().transform(failureWord).optional(),
});
export type SandboxPayment = z.infer<typeof paymentSchema>;

export const eventTypes = ['payment.succeeded', 'payment.failed', 'payment.refunded'] as const;

/** What every event has, also of types that a version to come may send. */
export const anyEventSchema = z.object({ id, type: z.string() });

export const eventSchema = anyEventSchema.extend({
  type: z.enum(eventTypes),
  createdAt: z.string(),
  payment: paymentSchema,
});
export type SandboxEvent = z.infer<typeof eventSchema>;
