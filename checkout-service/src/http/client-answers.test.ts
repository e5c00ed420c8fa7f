import type * as client from '@fairgate/shared/client/answers.ts';
import { expectTypeOf, it } from 'vitest';
import type { z } from 'zod';
import type { PaymentAnswer, RedemptionAnswer } from './answers.ts';
import type { paymentSchema, redemptionSchema } from './bodies.ts';

// Held by tsc: the client has these shapes without their schemas.
it('the client’s types are those of the checkout’s answers', () => {
  expectTypeOf<client.Redeemed>().toEqualTypeOf<RedemptionAnswer>();
  expectTypeOf<client.Payment>().toEqualTypeOf<PaymentAnswer['payment']>();
  expectTypeOf<client.PaymentWish>().toExtend<z.input<typeof paymentSchema>>();
  expectTypeOf<Omit<client.RedeemWish, 'token'>>().toExtend<z.input<typeof redemptionSchema>>();
});
