import type { Clock } from '@fairgate/shared/clock.ts';
import type { LiveRooms } from '../app/live.ts';
import { stateNow } from '../app/sale-states.ts';
import type { Authenticate } from './auth.ts';
import { type Api, serve } from './endpoint.ts';
import { roomEndpoints } from './endpoints.ts';
import { etag } from './etag.ts';

type Parts = { live: LiveRooms; clock: Clock };

export function roomRoutes(api: Api, authenticate: Authenticate, parts: Parts): void {
  const { live, clock } = parts;
  serve(api, authenticate, roomEndpoints.get, async ({ c, id }) => {
    const read = await live.read(id);
    c.header('etag', etag(read.version));
    return c.json(read.live);
  });
  serve(api, authenticate, roomEndpoints.patch, async ({ c, caller, id, body, expected }) => {
    const sale = await live.patch(caller, id, body, expected);
    const figures = await live.read(id).then(
      (read) => read.live,
      () => ({ state: stateNow(sale, clock) }),
    );
    c.header('etag', etag(sale.version));
    return c.json({ ...figures, id, settings: sale.room });
  });
}
