import type { Clock } from '@fairgate/shared/clock.ts';
import { Problem } from '@fairgate/shared/problem.ts';
import { type SSEStreamingApi, streamSSE } from 'hono/streaming';
import type { LiveRoom, LiveRooms } from '../app/live.ts';
import { stateNow } from '../app/sale-states.ts';
import type { Authenticate } from './auth.ts';
import { type Api, type ApiContext, serve } from './endpoint.ts';
import { roomEndpoints } from './endpoints.ts';
import { etag } from './etag.ts';

type Parts = { live: LiveRooms; clock: Clock; stopping: AbortSignal };

const streamEveryMs = 1_000;

export function roomRoutes(api: Api, authenticate: Authenticate, parts: Parts): void {
  const { live, clock, stopping } = parts;
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
  serve(api, authenticate, roomEndpoints.stream, async ({ c, id }) => {
    const { live: first } = await live.read(id);
    // A key that was revoked meanwhile ends the stream.
    const next = async (last: LiveRoom) => {
      await authenticate(c, roomEndpoints.stream.role);
      return await latest(live, id, last);
    };
    return figureStream(c, first, next, stopping);
  });
}

/** While the room cannot be reached the stream stays open, and repeats the last figures as stale. */
async function latest(live: LiveRooms, id: string, last: LiveRoom): Promise<LiveRoom> {
  try {
    return (await live.read(id)).live;
  } catch (error) {
    if (error instanceof Problem && error.slug === 'unavailable') return { ...last, stale: true };
    throw error;
  }
}

/** One unnamed event each second, until either side stops or `next` fails. */
function figureStream(
  c: ApiContext,
  first: LiveRoom,
  next: (last: LiveRoom) => Promise<LiveRoom>,
  stopping: AbortSignal,
): Response {
  const run = async (stream: SSEStreamingApi) => {
    const stop = () => stream.abort();
    stopping.addEventListener('abort', stop, { once: true });
    stream.onAbort(() => stopping.removeEventListener('abort', stop));
    for (let figures = first; !stream.aborted && !stopping.aborted; figures = await next(figures)) {
      await stream.writeSSE({ data: JSON.stringify(figures) });
      await stream.sleep(streamEveryMs);
    }
  };
  // What went wrong is not told: the client connects again, and is answered properly.
  return streamSSE(c, run, async () => {});
}
