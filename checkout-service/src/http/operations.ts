import { docsPage, docsPolicy } from '@fairgate/shared/http/docs-page.ts';
import { Problem } from '@fairgate/shared/problem.ts';
import { Hono } from 'hono';
import type { Health, Ready } from './answers.ts';
import type { AppEnv, HttpDeps } from './deps.ts';
import { openapiDocument } from './openapi.ts';

/** Health, readiness, figures and the API's description. */
export function operationRoutes(deps: HttpDeps): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  const document = openapiDocument(deps.publicOrigins[0] ?? '');
  const docs = docsPage(document);
  app.get('/healthz', (c) => c.json({ status: 'ok', instance: deps.instance } satisfies Health));
  app.get('/readyz', async (c) => {
    try {
      await Promise.race([deps.ready(), tooLate(readyMsMax)]);
    } catch (cause) {
      throw new Problem('unavailable', 'Postgres cannot be reached.', cause);
    }
    const breakers = Object.fromEntries(
      deps.payments.providers().map(({ name, breaker }) => [name, breaker]),
    );
    const { instance } = deps;
    return c.json({ status: 'ready', instance, postgres: 'ok', breakers } satisfies Ready);
  });
  app.get('/metrics', async (c) => {
    c.header('content-type', deps.metrics.contentType);
    return c.body(await deps.metrics.text());
  });
  app.get('/openapi.json', (c) => c.json(document));
  app.get('/docs', (c) => {
    c.header('content-security-policy', docsPolicy);
    return c.html(docs);
  });
  return app;
}

/** A probe wants its answer before it gives up itself. */
const readyMsMax = 2_000;

function tooLate(ms: number): Promise<never> {
  return new Promise((_, reject) => {
    setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms).unref();
  });
}
