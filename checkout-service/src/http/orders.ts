import { jsonBody } from '@fairgate/shared/http/body.ts';
import { Problem } from '@fairgate/shared/problem.ts';
import { type Context, Hono } from 'hono';
import { orderView, type StoredOrder } from '../domain/order-view.ts';
import { requireOrder } from './access.ts';
import type { OrderAnswer, PaymentAnswer } from './answers.ts';
import { balancerRequest } from './balancer.ts';
import { paymentSchema } from './bodies.ts';
import type { AppEnv, HttpDeps } from './deps.ts';
import { inOrderTurn } from './order-turn.ts';
import { paymentProblem, stateProblem, underWayProblem } from './outcomes.ts';

/** Reading, paying, cancelling and extending one order, by its key. */
export function orderRoutes(deps: HttpDeps): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  app.get('/v1/orders/:id', async (c) => {
    const order = await requireOrder(c, deps);
    c.header('cache-control', 'no-store');
    c.header('etag', etagOf(order));
    if (isKnown(order, c.req.header('if-none-match'))) return c.body(null, 304);
    return c.json({ order: orderView(order) } satisfies OrderAnswer);
  });
  app.post('/v1/orders/:id/payments', async (c) => {
    const order = await requireOrder(c, deps);
    const body = await jsonBody(c, paymentSchema);
    const card = body.provider === 'sandbox' ? body.card : null;
    const wish = { card, balancerRequest: balancerRequest(c) };
    const outcome = await inOrderTurn(deps, order.id, () =>
      deps.payments.pay(order.id, body.provider, wish),
    );
    if (outcome.kind !== 'begun') throw paymentProblem(outcome);
    const { paymentId: id, clientSecret } = outcome;
    const payment = { id, state: 'processing', ...(clientSecret ? { clientSecret } : {}) } as const;
    return c.json({ payment } satisfies PaymentAnswer, 202);
  });
  app.post('/v1/orders/:id/cancel', async (c) => {
    const order = await requireOrder(c, deps);
    const ended = await cancelOrder(deps, order);
    return c.json({ order: orderView(ended) } satisfies OrderAnswer);
  });
  app.post('/v1/orders/:id/extend', async (c) => {
    const order = await requireOrder(c, deps);
    const extended = await extendOrder(c, deps, order);
    return c.json({ order: orderView(extended) } satisfies OrderAnswer);
  });
  return app;
}

/** Each change of an order is a version of it; weak, for its JSON may be written in other ways. */
const etagOf = ({ version }: StoredOrder) => `W/"v${version}"`;

/** By weak comparison; `*` is any (RFC 9110 section 13.1.2). */
function isKnown(order: StoredOrder, ifNoneMatch = ''): boolean {
  if (ifNoneMatch.trim() === '*') return true;
  const opaque = (tag: string) => tag.trim().replace(/^W\//, '');
  return ifNoneMatch.split(',').some((tag) => opaque(tag) === opaque(etagOf(order)));
}

/** Cancels; an order that was cancelled before is answered the same. Throws Problems. */
export async function cancelOrder(deps: HttpDeps, { id, visitor }: StoredOrder) {
  const cancel = () => deps.orders.cancel(id, `visitor:${visitor}`);
  const reply = await inOrderTurn(deps, id, async () => {
    const first = await cancel();
    if (first?.kind !== 'refused' || first.order.state !== 'awaiting_payment') return first;
    await deps.payments.withdrawUnderWay(id);
    return await cancel();
  });
  if (!reply) throw new Problem('not-found', 'There is no such order.');
  if (reply.kind === 'ended') deps.changed('cancel', reply.order.saleId);
  else if (reply.order.state !== 'cancelled') {
    const { state } = reply.order;
    throw state === 'awaiting_payment' ? underWayProblem() : stateProblem(state);
  }
  return reply.order;
}

/** Adds `paySeconds`, once. Throws Problems. */
export async function extendOrder(c: Context, deps: HttpDeps, { id, visitor }: StoredOrder) {
  const reply = await inOrderTurn(deps, id, () =>
    deps.orders.extend(id, `visitor:${visitor}`, balancerRequest(c)),
  );
  if (!reply) throw new Problem('not-found', 'There is no such order.');
  if (reply.kind === 'ended') return reply.order;
  const { state, extended } = reply.order;
  if (state === 'expired') throw new Problem('order-expired', 'The order was not paid in time.');
  if (state !== 'awaiting_payment') throw stateProblem(state);
  if (!extended) throw new Problem('conflict', 'It cannot be extended now.');
  throw new Problem('conflict', {
    detail: 'It was extended before.',
    extra: { reason: 'extended-before' },
  });
}
