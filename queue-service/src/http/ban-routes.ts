import { type Bans, banVersion } from '../app/bans.ts';
import type { BanRecord } from '../domain/records.ts';
import { banEndpoints } from './access-endpoints.ts';
import type { Authenticate } from './auth.ts';
import { type Api, type ApiContext, serve } from './endpoint.ts';
import { etag } from './etag.ts';
import { onePage } from './list.ts';
import { viewBan } from './views.ts';

export function banRoutes(api: Api, authenticate: Authenticate, bans: Bans): void {
  const { create, list, get, remove } = banEndpoints;
  serve(api, authenticate, create, async ({ c, caller, body }) => {
    const ban = await bans.create(caller, body);
    c.header('location', `/v1/bans/${ban.id}`);
    return answer(c, ban, 201);
  });
  serve(api, authenticate, list, async ({ c, query }) =>
    c.json(await onePage('ban', query, bans.page, viewBan)),
  );
  serve(api, authenticate, get, async ({ c, id }) => answer(c, await bans.get(id)));
  serve(api, authenticate, remove, async ({ c, caller, id, expected }) => {
    await bans.remove(caller, id, expected);
    return c.body(null, 204);
  });
}

function answer(c: ApiContext, ban: BanRecord, status: 200 | 201 = 200): Response {
  c.header('etag', etag(banVersion));
  return c.json(viewBan(ban), status);
}
