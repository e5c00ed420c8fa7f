import { isoTime } from '@fairgate/shared/clock.ts';
import { z } from 'zod';
import { type MakePasses, passesMax } from '../app/passes.ts';
import type { Revoke } from '../app/revocations.ts';
import type { Authenticate } from './auth.ts';
import { type Api, type Endpoint, serve } from './endpoint.ts';
import { time } from './schemas.ts';

const passesSchema = z.strictObject({
  lane: z.literal('priority'),
  count: z.int().min(1).max(passesMax),
  expiresAt: time.nullable().default(null),
});

const passesView = z.object({
  id: z.string().describe('of this batch, as the audit log has it'),
  saleId: z.string(),
  lane: z.literal('priority'),
  expiresAt: z.iso.datetime(),
  passes: z.array(z.string()).describe('each lets one visitor in once; shown this once'),
});

const number = z.int().min(1).max(Number.MAX_SAFE_INTEGER);
/** The sale's name. */
const confirm = z.string().max(1_000).optional();

const revokeSchema = z.union([
  z.strictObject({ visitor: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/), confirm }),
  z.strictObject({
    numbers: z
      .strictObject({ from: number, to: number })
      .refine(({ from, to }) => from <= to, { path: ['to'], error: 'must not be below from' }),
    confirm,
  }),
  z.strictObject({ all: z.literal(true), confirm }),
]);

const revokedView = z.object({
  id: z.string().describe('of the sale'),
  visitor: z.string().nullable(),
  numbers: z
    .object({ from: z.int(), to: z.int() })
    .nullable()
    .describe('numbers of places, in a lottery those of the lobby'),
  revokedAt: z.iso.datetime(),
});

const sale = { idPrefix: 'sale', method: 'POST', role: 'operator' } as const;

export const placeEndpoints = {
  passes: {
    ...sale,
    path: '/v1/sales/{id}/passes',
    summary: 'Make single-use passes for the priority lane; they are shown in this answer alone',
    body: passesSchema,
    once: true,
    refusals: { conflict: 'the sale is closed' },
    status: 201,
    answer: passesView,
  },
  revoke: {
    ...sale,
    path: '/v1/sales/{id}/revoke',
    summary:
      'Places and unredeemed tokens of a visitor, of a range of numbers, or of all who have joined stop working within 2 s',
    body: revokeSchema,
    ifMatch: true,
    refusals: {
      conflict: 'the sale is a draft, there are too many revocations, or `confirm` is wrong',
    },
    status: 200,
    answer: revokedView,
  },
} as const satisfies Record<string, Endpoint<unknown, unknown>>;

export function placeRoutes(
  api: Api,
  authenticate: Authenticate,
  { passes, revoke }: { passes: MakePasses; revoke: Revoke },
): void {
  serve(api, authenticate, placeEndpoints.passes, async ({ c, caller, id, body }) => {
    const made = await passes(caller, id, body);
    c.header('cache-control', 'no-store');
    return c.json({ ...made, expiresAt: isoTime(made.expiresAt) }, 201);
  });
  serve(api, authenticate, placeEndpoints.revoke, async ({ c, caller, id, body, expected }) => {
    const { confirm, ...wish } = body;
    const { whom, at } = await revoke(caller, id, wish, { expected, confirm });
    return c.json({
      id,
      visitor: whom?.kind === 'visitor' ? whom.visitor : null,
      numbers: whom?.kind === 'numbers' ? { from: whom.from, to: whom.to } : null,
      revokedAt: isoTime(at),
    });
  });
}
