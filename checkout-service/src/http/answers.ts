import { orderSchema } from '@fairgate/shared/order.ts';
import { z } from 'zod';

export const orderAnswerSchema = z.object({ order: orderSchema });
export type OrderAnswer = z.infer<typeof orderAnswerSchema>;

export const redemptionAnswerSchema = orderAnswerSchema.extend({
  orderKey: z.string().describe('reads and changes the order, as a Bearer token'),
});
export type RedemptionAnswer = z.infer<typeof redemptionAnswerSchema>;

export const paymentAnswerSchema = z.object({
  payment: z.object({
    id: z.string(),
    state: z.literal('processing'),
    clientSecret: z.exactOptional(z.string()).describe('with `stripe` alone'),
  }),
});
export type PaymentAnswer = z.infer<typeof paymentAnswerSchema>;

export const receivedSchema = z.object({ received: z.literal(true) });
export type Received = z.infer<typeof receivedSchema>;

export const healthSchema = z.object({ status: z.literal('ok'), instance: z.string() });
export type Health = z.infer<typeof healthSchema>;

export const readySchema = z.object({
  status: z.literal('ready'),
  instance: z.string(),
  postgres: z.literal('ok'),
  breakers: z.record(z.string(), z.string()).describe('of the payment providers, by name'),
});
export type Ready = z.infer<typeof readySchema>;
