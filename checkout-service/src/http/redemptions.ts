import { jsonBody } from '@fairgate/shared/http/body.ts';
import { Problem } from '@fairgate/shared/problem.ts';
import { proofAlgorithms } from '@fairgate/shared/token/dpop.ts';
import { type Context, Hono } from 'hono';
import { orderView, placedView } from '../domain/order-view.ts';
import type { Shown } from '../domain/possession.ts';
import { redemptionRequest } from '../domain/redemption.ts';
import { authorization } from './access.ts';
import type { RedemptionAnswer } from './answers.ts';
import { balancerRequest } from './balancer.ts';
import { idempotencyKeySchema, redemptionSchema } from './bodies.ts';
import type { AppEnv, HttpDeps } from './deps.ts';
import { languageWanted } from './language.ts';
import { setOrderCookie } from './order-cookie.ts';
import { redemptionProblem } from './outcomes.ts';

/** What a proof of possession has to name. */
export const redemptionRoute = { method: 'POST', path: '/v1/redemptions' } as const;

/** `POST /v1/redemptions`: spend the token, claim units. */
export function redemptionRoutes(deps: HttpDeps): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  app.post(redemptionRoute.path, async (c) => {
    const outcome = await deps.redeem({
      ...requireToken(c),
      balancerRequest: balancerRequest(c),
      read: async () => {
        const idempotencyKey = readIdempotencyKey(c);
        const { items, email, language: languageAsked } = await jsonBody(c, redemptionSchema);
        const language = languageWanted(c, languageAsked);
        const request = redemptionRequest(items, { email, language, languageAsked });
        return { request, idempotencyKey };
      },
      signal: c.req.raw.signal,
    });
    switch (outcome.kind) {
      case 'created':
      case 'replayed': {
        const { order, kind } = outcome;
        const orderKey = deps.orderKeys.keyOf(order.id);
        setOrderCookie(c, deps.publicOrigins[0] ?? '', order, orderKey);
        c.header('location', `/v1/orders/${order.id}`);
        c.header('cache-control', 'no-store');
        if (kind === 'replayed') c.header('idempotent-replayed', 'true');
        else deps.changed('place', order.saleId);
        const view = kind === 'replayed' ? placedView(order) : orderView(order);
        return c.json({ order: view, orderKey } satisfies RedemptionAnswer, 201);
      }
      default:
        throw redemptionProblem(outcome);
    }
  });
  return app;
}

/** The token as it was sent; bound ones come with the scheme DPoP (RFC 9449 section 7.1). */
function requireToken(c: Context): { token: string; shown: Shown } {
  const credential = authorization(c);
  switch (credential?.scheme) {
    case 'bearer':
      return { token: credential.value, shown: { scheme: 'bearer' } };
    case 'dpop':
      return {
        token: credential.value,
        shown: { scheme: 'dpop', proof: c.req.header('dpop') ?? null },
      };
    default:
      throw new Problem('unauthorized', {
        detail: 'Send the purchase token as a Bearer token, or with the scheme DPoP and a proof.',
        headers: { 'www-authenticate': `Bearer, DPoP algs="${proofAlgorithms.join(' ')}"` },
      });
  }
}

function readIdempotencyKey(c: Context): string | null {
  const given = c.req.header('idempotency-key');
  if (given === undefined) return null;
  const parsed = idempotencyKeySchema.safeParse(given);
  if (parsed.success) return parsed.data;
  throw new Problem('invalid-request', {
    detail: 'The Idempotency-Key is 1 to 255 printable characters.',
    errors: [{ path: 'Idempotency-Key', message: 'is not 1 to 255 printable characters' }],
  });
}
