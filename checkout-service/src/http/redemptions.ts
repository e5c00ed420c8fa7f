import { jsonBody } from '@fairgate/shared/http/body.ts';
import { Problem } from '@fairgate/shared/problem.ts';
import { type Context, Hono } from 'hono';
import { orderView, placedView } from '../domain/order-view.ts';
import { redemptionRequest } from '../domain/redemption.ts';
import { authorization } from './access.ts';
import { idempotencyKeySchema, redemptionSchema } from './bodies.ts';
import type { AppEnv, HttpDeps } from './deps.ts';
import { setOrderCookie } from './order-cookie.ts';
import { redemptionProblem } from './outcomes.ts';

/** `POST /v1/redemptions`: spend the token, claim units. */
export function redemptionRoutes(deps: HttpDeps): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  app.post('/v1/redemptions', async (c) => {
    const idempotencyKey = readIdempotencyKey(c);
    const outcome = await deps.redeem({
      token: requireToken(c),
      idempotencyKey,
      body: async () => {
        const { items, email } = await jsonBody(c, redemptionSchema);
        return redemptionRequest(items, email);
      },
      signal: c.req.raw.signal,
    });
    switch (outcome.kind) {
      case 'created':
      case 'replayed': {
        const { order, kind } = outcome;
        const orderKey = deps.orderKeys.keyOf(order.id);
        setOrderCookie(c, deps.publicOrigins[0] ?? '', order.id, orderKey);
        c.header('location', `/v1/orders/${order.id}`);
        c.header('cache-control', 'no-store');
        if (kind === 'replayed') c.header('idempotent-replayed', 'true');
        else deps.changed('place', order.saleId);
        const view = kind === 'replayed' ? placedView(order) : orderView(order);
        return c.json({ order: view, orderKey }, 201);
      }
      default:
        throw redemptionProblem(outcome);
    }
  });
  return app;
}

/** Bound tokens come with the scheme `DPoP` (RFC 9449 section 7.1); their proofs are not read yet. */
function requireToken(c: Context): string {
  const credential = authorization(c);
  if (credential?.scheme === 'bearer') return credential.value;
  if (credential?.scheme === 'dpop') {
    throw new Problem('proof-invalid', 'Proofs of possession are not accepted here yet.');
  }
  throw new Problem('unauthorized', {
    detail: 'Send the purchase token as a Bearer token.',
    headers: { 'www-authenticate': 'Bearer' },
  });
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
