import { bodyText } from '@fairgate/shared/http/body.ts';
import { Hono } from 'hono';
import type { Edge, EdgeContext, EdgeEnv } from './context.ts';
import { forwardedHeaders } from './forward.ts';

/** The checkout's paths, and nothing else of it. */
const paths = [
  '/checkout',
  '/checkout/*',
  '/v1/redemptions',
  '/v1/orders/*',
  '/webhooks/*',
] as const;

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
  return await edge.forward({
    method,
    target: pathname + search,
    headers: forwardedHeaders(c.req.raw.headers, {
      requestId: c.get('requestId'),
      publicOrigin: edge.publicOrigin,
    }),
    body: hasBody ? await bodyText(c) : null,
  });
}
