import { limitBody } from '@fairgate/shared/http/body.ts';
import { ownOriginByCookie } from '@fairgate/shared/http/origin.ts';
import { notFoundOrMethod, onProblem } from '@fairgate/shared/http/refusals.ts';
import { requestId } from '@fairgate/shared/http/request-id.ts';
import { spokenLanguage } from '@fairgate/shared/http/speaking.ts';
import { speechIn } from '@fairgate/shared/words/speech.ts';
import { Hono } from 'hono';
import { z } from 'zod';
import { errorPage } from '../pages/error-page.ts';
import type { Edge, EdgeContext, EdgeEnv } from './context.ts';
import { descriptionRoutes } from './description-routes.ts';
import { barBanned, noteRefusal } from './door.ts';
import { forwardRoutes } from './forward-routes.ts';
import { notifyRoutes } from './notify-routes.ts';
import { pageRoutes } from './page-routes.ts';
import { placeRoutes } from './place-routes.ts';
import { previewRoutes } from './preview-routes.ts';
import { saleRoutes } from './sale-routes.ts';

/** The whole Worker: `request id -> bans -> body limit -> origin -> routes -> refusals`. */
export function edgeApp(edge: Edge): Hono<EdgeEnv> {
  const app = new Hono<EdgeEnv>();
  app.use(requestId());
  // What an order needs goes on (`/checkout`, `/v1/orders`), and so do providers' events.
  for (const path of ['/', '/sales/*', '/preview/*', '/api/*', '/v1/redemptions']) {
    app.use(path, barBanned(edge));
  }
  app.use(limitBody());
  // Places and forms; the checkout judges the origin of what is forwarded.
  app.use('/api/sales/:saleId/place/*', ownOriginByCookie(edge.ownOrigins));
  // Each by its name: a pattern over them all would take the routes out of the one regular expression.
  for (const form of ['join', 'leave', 'buy']) {
    app.use(`/sales/:saleId/${form}`, ownOriginByCookie(edge.ownOrigins));
  }
  app.route('/', placeRoutes(edge));
  app.route('/', saleRoutes(edge));
  app.route('/', pageRoutes(edge));
  app.route('/', notifyRoutes(edge));
  app.route('/', previewRoutes(edge));
  app.route('/', descriptionRoutes(edge));
  app.route('/', forwardRoutes(edge));

  const refuse = onProblem(({ error, method, path }) => edge.log('http', error, { method, path }));
  const missing = notFoundOrMethod(app);
  app.onError(async (error, c) => {
    noteRefusal(edge, c, error);
    return await readable(c, await refuse(error, c));
  });
  app.notFound(async (c) => await readable(c, await missing(c)));
  return app;
}

const problemSchema = z.object({
  type: z.string(),
  reason: z.string().optional(),
  errors: z.array(z.object({ path: z.string() })).optional(),
});
const apiPaths = /^\/(api|v1|webhooks|\.well-known|healthz|openapi\.json)(\/|$)/;

/** A browser that asked for a page is told in a page; everybody else gets the document. */
async function readable(c: EdgeContext, problem: Response): Promise<Response> {
  const isPage = (c.req.header('accept') ?? '').includes('text/html') && !apiPaths.test(c.req.path);
  if (!isPage) return problem;
  const { type, reason, errors } = problemSchema.parse(await problem.json());
  const saleId = /^\/sales\/(sale_[0-9a-z]{26})(\/|$)/.exec(c.req.path)?.[1];
  const isPassing = c.req.method === 'GET' && (problem.status === 503 || problem.status === 429);
  const page = errorPage(speechIn(spokenLanguage(c)), {
    slug: type.split(':').at(-1) ?? '',
    reason,
    path: errors?.[0]?.path,
    requestId: c.get('requestId'),
    // A form is not sent again by a link; its page is where one goes on.
    address: saleId === undefined ? null : `/sales/${saleId}`,
    refreshSeconds: isPassing ? Number(problem.headers.get('retry-after')) || 5 : null,
  });
  const headers = new Headers(problem.headers);
  for (const [name, value] of Object.entries(page.headers)) headers.set(name, value);
  return new Response(`${await page.html}`, { status: problem.status, headers });
}
