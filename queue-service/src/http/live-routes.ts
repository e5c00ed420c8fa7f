import type { Clock } from '@fairgate/shared/clock.ts';
import { historyItemSchema } from '@fairgate/shared/live-figures.ts';
import { z } from 'zod';
import { type History, keptMs } from '../app/history.ts';
import type { LiveEvent, LiveHub, Watcher } from '../app/live-hub.ts';
import type { Authenticate } from './auth.ts';
import { type Api, type ApiContext, type Endpoint, serve } from './endpoint.ts';
import { time } from './schemas.ts';
import type { Standing } from './standing.ts';

const sale = { idPrefix: 'sale', method: 'GET', role: 'viewer', status: 200 } as const;

const historySchema = z.strictObject({
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

type Parts = {
  hub: LiveHub;
  history: History;
  clock: Clock;
  mayStay: Standing;
  stopping: AbortSignal;
};

export function liveRoutes(api: Api, authenticate: Authenticate, parts: Parts): void {
  const { hub, history, mayStay } = parts;
  serve(api, authenticate, liveEndpoints.history, async ({ c, id, query }) => {
    const items = await history.read(id, query);
    return c.json({ step: query.step, items }, 200, { 'cache-control': 'no-store' });
  });
  serve(api, authenticate, liveEndpoints.stream, async ({ c, id }) => {
    const { first, watcher } = await hub.watch(id);
    const check = () => mayStay(c, liveEndpoints.stream.role);
    return eventStream(c, parts, { saleId: id, first, watcher, mayStay: check });
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
  const { watcher } = watching;
  const { stopping } = parts;
  const chunks = allChunks(parts, watching, lastSeen(c, parts.clock));
  const stop = () => watcher.stop();
  stopping.addEventListener('abort', stop, { once: true });
  if (stopping.aborted) stop();
  const end = () => {
    stopping.removeEventListener('abort', stop);
    stop();
  };
  const pull = async (stream: ReadableStreamDefaultController<Uint8Array>) => {
    // What went wrong is not told: the client connects again, and is answered properly.
    const { value, done } = await chunks.next().catch(() => ({ value: undefined, done: true }));
    if (done !== true && value !== undefined) return stream.enqueue(value);
    end();
    stream.close();
  };
  // Nothing is made before there is room for it: who reads slowly is told the newest then.
  const body = new ReadableStream({ pull, cancel: end }, { highWaterMark: 0 });
  return c.body(body, 200, {
    'content-type': 'text/event-stream',
    'cache-control': 'no-store',
    // nginx would hold events back to fill its buffer.
    'x-accel-buffering': 'no',
  });
}

/**
 * Seconds that are missing right before a live event may not be written down yet: so many further
 * events are waited for.
 */
const patience = 2;

async function* allChunks(
  { history }: Pick<Parts, 'history'>,
  { saleId, first, watcher, mayStay }: Watching,
  seen: number | null,
): AsyncGenerator<Uint8Array> {
  yield encoder.encode(`retry: ${retryMs}\n\n`);
  let last = seen ?? first.id - 1;
  // While it catches up, seconds pass that it was not told of: these come from the history too.
  let missing = seen === null ? 0 : patience + 1;
  for (let event: LiveEvent | null = first; event !== null; event = await watcher.next()) {
    await mayStay();
    // Of a second that it has had already nothing is told again.
    if (event.id <= last) continue;
    if (missing > 0) {
      for await (const { id, figures } of between(history, saleId, last + 1, event.id - 1)) {
        yield chunkOf({ id, data: missed(event, saleId, figures) });
        last = id;
      }
      missing = last === event.id - 1 ? 0 : missing - 1;
      if (missing > 0) continue;
    }
    yield sharedChunk(event);
    last = event.id;
  }
}

async function* between(history: History, saleId: string, from: number, to: number) {
  for (let next = from; next <= to; ) {
    const page = await history.seconds(saleId, next, to);
    yield* page.items;
    next = page.next;
  }
}

/** Figures of the past beside the settings of now, which are no part of the history. */
function missed({ settings }: LiveEvent, id: string, figures: object): string {
  return JSON.stringify({ id, settings, ...figures });
}

const encoder = new TextEncoder();

function chunkOf({ id, data }: Pick<LiveEvent, 'id' | 'data'>): Uint8Array {
  return encoder.encode(`id: ${id}\ndata: ${data}\n\n`);
}

const shared = new WeakMap<LiveEvent, Uint8Array>();

/** The same bytes for all who watch. */
function sharedChunk(event: LiveEvent): Uint8Array {
  const made = shared.get(event) ?? chunkOf(event);
  shared.set(event, made);
  return made;
}

/** The second that the client saw last, an hour ago at most; null where it is none, or to come. */
function lastSeen(c: ApiContext, clock: Clock): number | null {
  const given = c.req.header('last-event-id') ?? '';
  if (!/^\d{1,12}$/.test(given)) return null;
  const now = Math.floor(clock.now() / 1_000);
  const seen = Number(given);
  return seen > now ? null : Math.max(seen, now - keptMs.second / 1_000);
}
