import { hashedCacheControl } from '@fairgate/shared/pages/asset.ts';
import { Problem } from '@fairgate/shared/problem.ts';
import { Hono } from 'hono';
import type { PageScripts } from '../pages/scripts.ts';
import type { AppEnv } from './deps.ts';

/**
 * The pages' scripts. A name with the hash of what is in it is kept for a year; under any other
 * hash, which a page of another version may ask for, there is what we have, to be asked for again.
 */
export function assetRoutes(scripts: PageScripts): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  app.get('/checkout/assets/:name', (c) => {
    const script = scripts.find(c.req.param('name'));
    if (!script) throw new Problem('not-found', 'There is no such file.');
    const { text, etag, isCurrent } = script;
    const headers = { etag, 'cache-control': isCurrent ? hashedCacheControl : 'no-cache' };
    if (c.req.header('if-none-match') === etag) return c.body(null, 304, headers);
    return c.body(text, 200, {
      ...headers,
      'content-type': 'text/javascript; charset=utf-8',
      'x-content-type-options': 'nosniff',
    });
  });
  return app;
}
