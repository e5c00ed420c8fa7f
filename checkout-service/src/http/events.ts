import { Problem } from '@fairgate/shared/problem.ts';
import { Hono } from 'hono';
import { type SSEStreamingApi, streamSSE } from 'hono/streaming';
import { systemTimers } from '../app/timers.ts';
import { isFinal, isOver } from '../domain/order-machine.ts';
import { orderView, type StoredOrder } from '../domain/order-view.ts';
import { requireOrder } from './access.ts';
import type { AppEnv, HttpDeps } from './deps.ts';

/**
 * `GET /v1/orders/{id}/events`: one `order` event now and at each change, until the last. A paid or
 * expired order may change yet; its stream lasts some minutes more, since few are waited for.
 */
export function eventRoutes(deps: HttpDeps): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  app.get('/v1/orders/:id/events', async (c) => {
    const order = await requireOrder(c, deps);
    const feed = makeFeed(order);
    const stop = isOver(order.state) ? () => {} : deps.watch.add(order, feed);
    if (stop === null) throw new Problem('unavailable', 'Too many event streams are open here.');
    c.header('cache-control', 'no-store');
    // A proxy that buffers would hold the events back.
    c.header('x-accel-buffering', 'no');
    return streamSSE(c, async (stream) => {
      try {
        await follow(stream, feed, deps);
      } finally {
        stop();
      }
    });
  });
  return app;
}

type Feed = {
  seen(order: StoredOrder): void;
  next(): StoredOrder | null;
  onNews(run: () => void): void;
};

/** What has to be sent yet: the newest order alone, since each event tells the whole of it. */
function makeFeed(first: StoredOrder): Feed {
  let newest: StoredOrder | null = first;
  let version = first.version;
  let wake = () => {};
  return {
    seen(order) {
      if (order.version <= version) return;
      version = order.version;
      newest = order;
      wake();
    },
    next() {
      const order = newest;
      newest = null;
      return order;
    },
    onNews(run) {
      wake = run;
    },
  };
}

async function follow(stream: SSEStreamingApi, feed: Feed, deps: HttpDeps): Promise<void> {
  let over = false;
  let wake = () => {};
  const end = () => {
    over = true;
    wake();
  };
  stream.onAbort(end);
  deps.stopping.addEventListener('abort', end, { once: true });
  feed.onNews(() => wake());
  let untilMs = Number.POSITIVE_INFINITY;
  try {
    while (!over && !deps.stopping.aborted && systemTimers.now() < untilMs) {
      const order = feed.next();
      if (order) {
        const data = JSON.stringify(orderView(order));
        await stream.writeSSE({ event: 'order', id: String(order.version), data });
        if (isOver(order.state)) return;
        if (isFinal(order.state)) untilMs = systemTimers.now() + deps.settledStreamMs;
        continue;
      }
      let heard = false;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, deps.heartbeatMs);
        wake = () => {
          heard = true;
          clearTimeout(timer);
          resolve();
        };
      });
      if (!heard) await stream.write(': still here\n\n');
    }
  } finally {
    deps.stopping.removeEventListener('abort', end);
  }
}
