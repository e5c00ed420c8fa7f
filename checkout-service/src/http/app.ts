import { limitBody } from '@fairgate/shared/http/body.ts';
import { notFoundOrMethod, onProblem } from '@fairgate/shared/http/refusals.ts';
import { requestId } from '@fairgate/shared/http/request-id.ts';
import { Problem, problems } from '@fairgate/shared/problem.ts';
import { KeysAway } from '@fairgate/shared/token/purchase-keys.ts';
import { Hono } from 'hono';
import type { AppEnv, HttpDeps } from './deps.ts';
import { eventRoutes } from './events.ts';
import { fairnessRoutes } from './fairness.ts';
import { internalRoutes } from './internal.ts';
import { noticeRoutes } from './notices.ts';
import { operationRoutes } from './operations.ts';
import { orderRoutes } from './orders.ts';
import { pageRoutes } from './pages.ts';
import { redemptionRoutes } from './redemptions.ts';
import { reportedRoutes } from './reported.ts';
import { webhookRoutes } from './webhooks.ts';

/** The whole of the checkout's HTTP. */
export function checkoutApp(deps: HttpDeps): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  app.use(requestId());
  app.use(limitBody());
  const refuse = onProblem(({ error, method, path }) => {
    // Anybody can make a token of a key that is not known; the fetch that failed has its own line.
    if (error instanceof Problem && error.cause instanceof KeysAway) return;
    deps.log.warn({ ...faultFields(error), method, path }, 'a request was not served');
  });
  app.onError(refuse);
  app.notFound(notFoundOrMethod(app));
  app.route('/', redemptionRoutes(deps));
  app.route('/', orderRoutes(deps));
  app.route('/', eventRoutes(deps));
  app.route('/', webhookRoutes(deps));
  app.route('/', fairnessRoutes(deps));
  app.route('/', internalRoutes(deps));
  app.route('/', noticeRoutes(deps));
  app.route('/', reportedRoutes(deps));
  app.route('/', operationRoutes(deps));
  app.route('/', pageRoutes(deps, refuse));
  return app;
}

/** A refusal is told by its slug and the name of its cause: causes may hold a token's claims. */
function faultFields(error: unknown): object {
  if (!(error instanceof Problem) || problems[error.slug].status >= 500) return { err: error };
  const { slug, cause } = error;
  return { slug, cause: cause instanceof Error ? cause.name : String(cause) };
}
