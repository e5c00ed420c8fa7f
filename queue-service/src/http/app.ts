import type { Clock } from '@fairgate/shared/clock.ts';
import { limitBody } from '@fairgate/shared/http/body.ts';
import { docsPage, docsPolicy } from '@fairgate/shared/http/docs-page.ts';
import { type FaultLog, notFoundOrMethod, onProblem } from '@fairgate/shared/http/refusals.ts';
import { requestId } from '@fairgate/shared/http/request-id.ts';
import { Problem } from '@fairgate/shared/problem.ts';
import type { Queue } from 'bullmq';
import { Hono } from 'hono';
import type { AuditRows, Login } from '../app/access-ports.ts';
import type { Appearances } from '../app/appearances.ts';
import type { ReadArrivals } from '../app/arrivals.ts';
import type { Bans } from '../app/bans.ts';
import type { Checks } from '../app/checks.ts';
import type { ConsoleFiles } from '../app/console-ports.ts';
import type { History } from '../app/history.ts';
import type { Keys } from '../app/keys.ts';
import type { LiveRooms } from '../app/live.ts';
import type { LiveHub } from '../app/live-hub.ts';
import type { OrderCalls } from '../app/order-calls.ts';
import type { MakePasses } from '../app/passes.ts';
import type { LedgerEntry, Log } from '../app/ports.ts';
import type { MakePreview } from '../app/previews.ts';
import type { ImportProducts } from '../app/product-imports.ts';
import type { Products } from '../app/products.ts';
import type { Revoke } from '../app/revocations.ts';
import type { CopySale } from '../app/sale-copies.ts';
import type { SaleStates } from '../app/sale-states.ts';
import type { Sales } from '../app/sales.ts';
import type { Sessions } from '../app/sessions.ts';
import type { SignIn } from '../app/sign-in.ts';
import type { Summaries } from '../app/summaries.ts';
import type { WebhookLog } from '../app/webhook-log.ts';
import type { Webhooks } from '../app/webhooks.ts';
import type { AddressOf } from './address.ts';
import { appearanceRoutes } from './appearance-routes.ts';
import { auditRoutes } from './audit-routes.ts';
import { authenticator } from './auth.ts';
import { banRoutes } from './ban-routes.ts';
import { checkRoutes } from './check-routes.ts';
import { consoleRoutes } from './console-routes.ts';
import { controlEndpoints, uploadLimits } from './control-endpoints.ts';
import type { Api, ApiVariables } from './endpoint.ts';
import { type FairnessLog, fairnessRoutes } from './fairness-routes.ts';
import { jobsPage } from './jobs-page.ts';
import { keyRoutes } from './key-routes.ts';
import { liveRoutes } from './live-routes.ts';
import { loginRoutes } from './login-routes.ts';
import { openApiDocument } from './openapi.ts';
import { orderRoutes } from './order-routes.ts';
import { placeRoutes } from './place-routes.ts';
import { productCsvRoutes } from './product-csv-routes.ts';
import { productRoutes } from './product-routes.ts';
import { roomRoutes } from './room-routes.ts';
import { saleRoutes } from './sale-routes.ts';
import { sessionRoutes } from './session-routes.ts';
import { standing } from './standing.ts';
import { summaryRoutes } from './summary-routes.ts';
import { webhookRoutes } from './webhook-routes.ts';

export type ApiParts = OrderCalls & {
  products: Products;
  importProducts: ImportProducts;
  sales: Sales;
  copySale: CopySale;
  states: SaleStates;
  live: LiveRooms;
  hub: LiveHub;
  history: History;
  summaries: Summaries;
  fairness: FairnessLog;
  arrivals: ReadArrivals;
  publicOrigin: string;
  keys: Keys;
  sessions: Sessions;
  signIn: SignIn;
  login: Login | null;
  audit: AuditRows;
  note(entry: LedgerEntry): Promise<void>;
  addressOf: AddressOf;
  consoleOrigin: string | null;
  /** What the page of jobs shows. */
  queues: readonly Queue[];
  /** Null where it is not built. */
  console: ConsoleFiles | null;
  bans: Bans;
  appearances: Appearances;
  webhooks: Webhooks;
  webhookLog: WebhookLog;
  checks: Checks;
  preview: MakePreview;
  passes: MakePasses;
  revoke: Revoke;
  clock: Clock;
  /** The edge has an account at Turnstile. */
  hasTurnstile: boolean;
  log: Log;
  metrics: { type: string; text(): Promise<string>; observe(request: ObservedRequest): void };
  /** Rejects where the service cannot serve. */
  ready(): Promise<{ redis: boolean }>;
  /** Ends the streams. */
  stopping: AbortSignal;
};

/** `route` is the pattern, never the path itself: metrics stay few, and hold no ids. */
export type ObservedRequest = { method: string; route: string; status: number; seconds: number };

/** The control API as a hono app: it may be served, or asked by `app.request()`. */
export function makeApi(parts: ApiParts): Api {
  const api: Api = new Hono<{ Variables: ApiVariables }>();
  const { log } = parts;
  api.use(requestId());
  api.use(async (c, next) => {
    const startedMs = performance.now();
    await next();
    const seconds = (performance.now() - startedMs) / 1_000;
    const { method } = c.req;
    const { status } = c.res;
    const known = [...c.req.matchedRoutes].reverse().find((route) => route.method === method);
    const route = known?.path ?? 'none';
    parts.metrics.observe({ method, route, status, seconds });
    const requestId = c.get('requestId');
    log.info({ requestId, method, path: c.req.path, status, seconds }, 'request');
  });
  api.use(limitBody(uploadLimits));
  api.onError((thrown, c) => {
    const requestId = c.get('requestId');
    const logFault: FaultLog = ({ error, method, path }) =>
      log.error({ requestId, method, path, err: error }, 'request failed');
    return onProblem(logFault)(thrown, c);
  });
  api.notFound(notFoundOrMethod(api));
  publicRoutes(api, parts);
  const authenticate = authenticator(parts.signIn, parts.addressOf);
  sessionRoutes(api, parts);
  loginRoutes(api, parts);
  jobsPage(api, authenticate, parts);
  productCsvRoutes(api, authenticate, parts);
  productRoutes(api, authenticate, parts.products);
  saleRoutes(api, authenticate, parts);
  checkRoutes(api, authenticate, parts);
  roomRoutes(api, authenticate, parts);
  appearanceRoutes(api, authenticate, parts);
  liveRoutes(api, authenticate, { ...parts, mayStay: standing(parts.signIn) });
  placeRoutes(api, authenticate, parts);
  summaryRoutes(api, authenticate, parts);
  fairnessRoutes(api, authenticate, parts);
  orderRoutes(api, authenticate, parts);
  banRoutes(api, authenticate, parts.bans);
  keyRoutes(api, authenticate, parts.keys);
  webhookRoutes(api, authenticate, parts);
  auditRoutes(api, authenticate, parts.audit);
  consoleRoutes(api, parts.console);
  return api;
}

function publicRoutes(api: Api, { metrics, ready }: ApiParts): void {
  const document = openApiDocument(controlEndpoints);
  const docs = docsPage(document);
  api.get('/healthz', (c) => c.json({ status: 'ok' }));
  api.get('/readyz', async (c) => {
    try {
      return c.json({ status: 'ready', ...(await ready()) });
    } catch (cause) {
      throw new Problem('unavailable', 'Postgres cannot be reached.', cause);
    }
  });
  api.get('/metrics', async (c) =>
    c.body(await metrics.text(), 200, { 'content-type': metrics.type }),
  );
  api.get('/openapi.json', (c) => c.json(document));
  api.get('/docs', (c) => {
    c.header('content-security-policy', docsPolicy);
    return c.html(docs);
  });
}
