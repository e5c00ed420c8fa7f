import { bodyText } from '@fairgate/shared/http/body.ts';
import { Problem } from '@fairgate/shared/problem.ts';
import { Hono } from 'hono';
import type { Edge, EdgeContext, EdgeEnv } from './context.ts';
import { forwardedHeaders } from './forward.ts';
import { readableAnswer } from './readable.ts';

/** What Hono, which takes a path as it was sent, gives to be forwarded. */
const paths = [
  '/checkout',
  '/checkout/*',
  '/v1/redemptions',
  '/v1/orders/*',
  '/webhooks/*',
  '/api/sales/:saleId/fairness',
  '/api/sales/:saleId/fairness/log',
] as const;

/** The checkout's paths, once dots and backslashes in them are resolved, and nothing else of it. */
const checkoutPaths =
  /^\/(checkout(\/.*)?|v1\/redemptions|v1\/orders\/.*|webhooks\/.*|api\/sales\/[^/]+\/fairness(\/log)?)$/;

/** Shoppers see one origin: these paths are the checkout's (CONTRACT.md section 1). */
export function forwardRoutes(edge: Edge): Hono<EdgeEnv> {
  const routes = new Hono<EdgeEnv>();
  for (const path of paths) routes.all(path, async (c) => await passOn(edge, c));
  return routes;
}

async function passOn(edge: Edge, c: EdgeContext): Promise<Response> {
  const { method } = c.req;
  const hasBody = method !== 'GET' && method !== 'HEAD';
  const { pathname, search } = new URL(c.req.url);
  // `/checkout/../metrics` is a checkout path as sent, and the inside's where it would arrive.
  if (!checkoutPaths.test(pathname)) {
    throw new Problem('not-found', 'There is nothing at this address.');
  }
  const answer = await edge.forward({
    method,
    target: pathname + search,
    headers: forwardedHeaders(c.req.raw.headers, {
      requestId: c.get('requestId'),
      publicOrigin: edge.publicOrigin,
    }),
    body: hasBody ? await bodyText(c) : null,
  });
  return await readableAnswer(c, answer);
}
