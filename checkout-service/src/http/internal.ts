import { createHash, timingSafeEqual } from 'node:crypto';
import { jsonBody } from '@fairgate/shared/http/body.ts';
import { isId } from '@fairgate/shared/ids.ts';
import { Problem } from '@fairgate/shared/problem.ts';
import { type Context, Hono } from 'hono';
import { orderView } from '../domain/order-view.ts';
import { authorization } from './access.ts';
import type { OrderAnswer } from './answers.ts';
import { refundSchema } from './bodies.ts';
import type { AppEnv, HttpDeps } from './deps.ts';

/** What other services of ours ask for; neither the edge nor the balancer forwards `/internal`. */
export function internalRoutes(deps: HttpDeps): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  app.post('/internal/orders/:id/refund', async (c) => {
    requireService(c, deps);
    const { actor, reason } = await jsonBody(c, refundSchema);
    const orderId = c.req.param('id');
    const reply = isId('ord', orderId)
      ? await deps.orders.refund(orderId, { actor, reason })
      : null;
    if (!reply) throw new Problem('not-found', 'There is no such order.');
    const { order } = reply;
    if (reply.kind === 'ended') deps.changed('refund', order.saleId);
    else if (order.state !== 'refunded') {
      throw new Problem('conflict', `The order is ${order.state}; only a paid one is refunded.`);
    }
    return c.json({ order: orderView(order) } satisfies OrderAnswer);
  });
  return app;
}

/** Throws `unauthorized`. Both are hashed first: what is compared is of one length, in constant time. */
export function requireService(c: Context, deps: HttpDeps): void {
  const bearer = authorization(c);
  const given = bearer?.scheme === 'bearer' ? bearer.value : undefined;
  const digest = (text: string) => createHash('sha256').update(text).digest();
  const { internalKey } = deps;
  if (given !== undefined && internalKey !== undefined) {
    if (timingSafeEqual(digest(given), digest(internalKey))) return;
  }
  throw new Problem('unauthorized', {
    detail: 'This is for the other services of this installation.',
    headers: { 'www-authenticate': 'Bearer' },
  });
}
