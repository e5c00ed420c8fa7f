import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { HonoAdapter } from '@bull-board/hono';
import { Problem } from '@fairgate/shared/problem.ts';
import { serveStatic } from '@hono/node-server/serve-static';
import type { Queue } from 'bullmq';
import { Hono } from 'hono';
import { by } from '../app/caller.ts';
import type { LedgerEntry } from '../app/ports.ts';
import type { Authenticate } from './auth.ts';
import type { Api } from './endpoint.ts';

const path = '/console/jobs';

/** bull-board: what the queues hold, and failed jobs to try again. For admins alone. */
export function jobsPage(
  api: Api,
  authenticate: Authenticate,
  { queues, note }: { queues: readonly Queue[]; note(entry: LedgerEntry): Promise<void> },
): void {
  const server = new HonoAdapter(serveStatic);
  createBullBoard({
    queues: queues.map((queue) => new BullMQAdapter(queue)),
    serverAdapter: server,
    options: { uiConfig: { boardTitle: 'Fairgate jobs', boardLogo: { path: '', width: 0 } } },
  });
  server.setBasePath(path);
  const board = new Hono();
  board.use(async (c, next) => {
    const caller = await authenticate(c, 'admin');
    if (c.req.method !== 'GET') {
      // The page can do more: add jobs, empty queues. What follows a change is not to be made up.
      if (!retryForm.test(c.req.path)) {
        throw new Problem('forbidden', 'Here jobs are looked at, and failed ones tried again.');
      }
      await note({ ...by(caller), action: 'jobs.retried', detail: { path: c.req.path } });
    }
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

/** `…/api/queues/<queue>/<job>/retry/failed`, and of all that failed. */
const retryForm =
  /^\/console\/jobs\/api\/queues\/[^/]+\/(?:[^/]+\/)?retry(?:\/(?:failed|completed))?$/;

/** Its own files alone, and the styles that it sets itself. */
const policy =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; base-uri 'self'; frame-ancestors 'none'";
