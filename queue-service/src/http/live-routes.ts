import type { Clock } from '@fairgate/shared/clock.ts';
import { historyItemSchema } from '@fairgate/shared/live-figures.ts';
import { type SSEStreamingApi, streamSSE } from 'hono/streaming';
import { z } from 'zod';
import { type History, keptMs } from '../app/history.ts';
import type { LiveEvent, LiveHub, Watcher } from '../app/live-hub.ts';
import type { Authenticate } from './auth.ts';
import { type Api, type ApiContext, type Endpoint, serve } from './endpoint.ts';
import { time } from './schemas.ts';

const sale = { idPrefix: 'sale', method: 'GET', role: 'viewer', status: 200 } as const;

const historySchema = z.object({
  step: z.enum(['second', 'minute']).default('second'),
  from: time.optional(),
  to: time.optional(),
});

const historyView = z.object({
  step: z.enum(['second', 'minute']),
  items: z
    .array(historyItemSchema)
    .describe('in order; a second that nobody could read is not there'),
});

export const liveEndpoints = {
  stream: {
    ...sale,
    path: '/v1/sales/{id}/stream',
    summary:
      'The live figures as server-sent events, each second; what was missed since `Last-Event-ID` first',
    alsoTypes: ['text/event-stream'],
  },
  history: {
    ...sale,
    path: '/v1/sales/{id}/history',
    summary: 'Figures over time: each second for an hour, each minute for 90 days; 4,000 at a time',
    query: historySchema,
    answer: historyView,
  },
} as const satisfies Record<string, Endpoint<unknown, unknown>>;

type Parts = { hub: LiveHub; history: History; clock: Clock; stopping: AbortSignal };

export function liveRoutes(api: Api, authenticate: Authenticate, parts: Parts): void {
  const { hub, history } = parts;
  serve(api, authenticate, liveEndpoints.history, async ({ c, id, query }) => {
    const items = await history.read(id, query);
    return c.json({ step: query.step, items }, 200, { 'cache-control': 'no-store' });
  });
  serve(api, authenticate, liveEndpoints.stream, async ({ c, id }) => {
    const { first, watcher } = await hub.watch(id);
    // nginx would hold events back to fill its buffer.
    c.header('x-accel-buffering', 'no');
    // A key that was revoked meanwhile ends the stream.
    const mayStay = async () => void (await authenticate(c, liveEndpoints.stream.role));
    return eventStream(c, parts, { saleId: id, first, watcher, mayStay });
  });
}

type Watching = {
  saleId: string;
  first: LiveEvent;
  watcher: Watcher;
  /** Rejects once whoever watches may not any more. */
  mayStay(): Promise<void>;
};

/** How long a browser waits before it connects again. */
const retryMs = 2_000;

/** What was missed, then an event each second, until either side stops. */
function eventStream(c: ApiContext, parts: Parts, watching: Watching): Response {
  const { stopping } = parts;
  const { watcher } = watching;
  const run = async (stream: SSEStreamingApi) => {
    const stop = () => watcher.stop();
    stopping.addEventListener('abort', stop, { once: true });
    stream.onAbort(stop);
    if (stopping.aborted) stop();
    try {
      await stream.write(`retry: ${retryMs}\n\n`);
      await tellAll(stream, parts, watching, lastSeen(c, parts.clock));
    } finally {
      stopping.removeEventListener('abort', stop);
      stop();
    }
  };
  // What went wrong is not told: the client connects again, and is answered properly.
  return streamSSE(c, run, async () => {});
}

async function tellAll(
  stream: SSEStreamingApi,
  { history }: Parts,
  { saleId, first, watcher, mayStay }: Watching,
  seen: number | null,
): Promise<void> {
  let last = seen ?? first.id;
  // While it catches up, seconds pass that it was not told of: these come from the history too.
  let catchesUp = seen !== null;
  for (let event: LiveEvent | null = first; event !== null; event = await watcher.next()) {
    await mayStay();
    const isLate = catchesUp && event.id > last + 1;
    catchesUp = isLate;
    if (isLate) {
      for (const figures of await history.seconds(saleId, last + 1, event.id - 1)) {
        const id = Math.floor(Date.parse(figures.at) / 1_000);
        await stream.write(eventText({ id, data: missed(event, saleId, figures) }));
        last = id;
      }
    }
    // Of a second that it has had already nothing is told again.
    if (seen !== null && event.id <= seen) continue;
    await stream.write(eventText(event));
    last = event.id;
  }
}

/** Figures of the past beside the settings of now, which are no part of the history. */
function missed({ data }: LiveEvent, id: string, figures: object): string {
  const { settings } = z.object({ settings: z.unknown() }).parse(JSON.parse(data));
  return JSON.stringify({ id, settings, ...figures });
}

function eventText({ id, data }: LiveEvent): string {
  return `id: ${id}\ndata: ${data}\n\n`;
}

/** The second that the client saw last; null where that is no second of the kept history. */
function lastSeen(c: ApiContext, clock: Clock): number | null {
  const given = c.req.header('last-event-id') ?? '';
  if (!/^\d{1,12}$/.test(given)) return null;
  const now = Math.floor(clock.now() / 1_000);
  const seen = Number(given);
  return seen > now || seen < now - keptMs.second / 1_000 ? null : seen;
}
