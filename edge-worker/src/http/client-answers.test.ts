import type * as client from '@fairgate/shared/client/answers.ts';
import { expectTypeOf, it } from 'vitest';
import type { z } from 'zod';
import type * as answers from './answers.ts';
import type { joinBodySchema } from './join-body.ts';

// Held by tsc: the client has these shapes without their schemas.
it('the client’s types are those of the edge’s answers', () => {
  expectTypeOf<client.SaleAnswer>().toExtend<answers.SaleAnswer>();
  expectTypeOf<answers.SaleAnswer>().toExtend<client.SaleAnswer>();
  expectTypeOf<client.Joined>().toEqualTypeOf<answers.JoinAnswer>();
  expectTypeOf<client.TokenAnswer>().toEqualTypeOf<answers.TokenAnswer>();
  expectTypeOf<client.Challenge>().toEqualTypeOf<answers.ChallengeAnswer>();
  expectTypeOf<client.JoinWish>().toExtend<z.input<typeof joinBodySchema>>();
});
