import type { Keys } from '../app/keys.ts';
import { keyEndpoints } from './access-endpoints.ts';
import type { Authenticate } from './auth.ts';
import { type Api, serve } from './endpoint.ts';
import { onePage } from './list.ts';
import { viewKey } from './views.ts';

export function keyRoutes(api: Api, authenticate: Authenticate, keys: Keys): void {
  serve(api, authenticate, keyEndpoints.create, async ({ c, caller, body }) => {
    const made = await keys.create(caller, body);
    c.header('cache-control', 'no-store');
    return c.json({ ...viewKey(made), key: made.key }, 201);
  });
  serve(api, authenticate, keyEndpoints.list, async ({ c, query }) =>
    c.json(await onePage('key', query, keys.page, viewKey)),
  );
  serve(api, authenticate, keyEndpoints.remove, async ({ c, caller, id }) => {
    await keys.revoke(caller, id);
    return c.body(null, 204);
  });
}
