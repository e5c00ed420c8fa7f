import { limitBody } from '@fairgate/shared/http/body.ts';
import { ownOriginByCookie } from '@fairgate/shared/http/origin.ts';
import { notFoundOrMethod, onProblem } from '@fairgate/shared/http/refusals.ts';
import { requestId } from '@fairgate/shared/http/request-id.ts';
import { Hono } from 'hono';
import type { Edge, EdgeEnv } from './context.ts';
import { descriptionRoutes } from './description-routes.ts';
import { barBanned, noteRefusal } from './door.ts';
import { forwardRoutes } from './forward-routes.ts';
import { notifyRoutes } from './notify-routes.ts';
import { pageRoutes } from './page-routes.ts';
import { placeRoutes } from './place-routes.ts';
import { previewRoutes } from './preview-routes.ts';
import { readable } from './readable.ts';
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
