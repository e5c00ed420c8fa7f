import { Hono } from 'hono';
import type { Edge, EdgeEnv } from './context.ts';

/**
 * The service worker that shows push messages. Its address has no hash, as browsers look there
 * whether it has changed, and it may act for every page of the origin.
 */
export function notifyRoutes({ serviceWorker }: Pick<Edge, 'serviceWorker'>): Hono<EdgeEnv> {
  const routes = new Hono<EdgeEnv>();
  routes.get('/notify.js', (c) =>
    c.body(serviceWorker, 200, {
      'content-type': 'text/javascript; charset=utf-8',
      'cache-control': 'no-cache',
      'service-worker-allowed': '/',
      'content-security-policy': "default-src 'none'",
      'x-content-type-options': 'nosniff',
    }),
  );
  return routes;
}
