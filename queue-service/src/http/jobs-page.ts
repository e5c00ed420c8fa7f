import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { HonoAdapter } from '@bull-board/hono';
import { serveStatic } from '@hono/node-server/serve-static';
import type { Queue } from 'bullmq';
import { Hono } from 'hono';
import type { Authenticate } from './auth.ts';
import type { Api } from './endpoint.ts';

const path = '/console/jobs';

/** bull-board: what the queues hold, and failed jobs to try again. For admins who are signed in. */
export function jobsPage(api: Api, authenticate: Authenticate, queues: readonly Queue[]): void {
  const server = new HonoAdapter(serveStatic);
  createBullBoard({
    queues: queues.map((queue) => new BullMQAdapter(queue)),
    serverAdapter: server,
    options: { uiConfig: { boardTitle: 'Fairgate jobs', boardLogo: { path: '', width: 0 } } },
  });
  server.setBasePath(path);
  const board = new Hono();
  board.use(async (c, next) => {
    await authenticate(c, 'admin');
    await next();
    if (/\bhtml\b/.test(c.res.headers.get('content-type') ?? '')) {
      // Its page asks a font service for letters; nothing of ours is loaded from elsewhere.
      const own = (await c.res.text()).replaceAll(/<link href="https:[^>]*>/g, '');
      c.res = new Response(own, c.res);
    }
    c.res.headers.set('content-security-policy', policy);
  });
  board.route('/', server.registerPlugin());
  api.route(path, board);
}

/** Its own files alone, and the styles that it sets itself. */
const policy =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; base-uri 'self'; frame-ancestors 'none'";
