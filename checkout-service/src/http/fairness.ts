import { isId } from '@fairgate/shared/ids.ts';
import { type FairnessFacts, fairnessOf } from '@fairgate/shared/log/fairness.ts';
import { fairnessHeaders, logHeaders, logStream } from '@fairgate/shared/log/stream.ts';
import { Problem } from '@fairgate/shared/problem.ts';
import { Hono } from 'hono';
import type { AppEnv, HttpDeps } from './deps.ts';

type Found = { facts: Promise<FairnessFacts | null>; untilMs: number };

/** So long one answer serves everybody who asks. */
const freshMs = 1_000;
const salesMax = 1_000;

/** What anybody may check about the order of a sale, once it has started. */
export function fairnessRoutes(deps: Pick<HttpDeps, 'fairness'>): Hono<AppEnv> {
  const fairness = { ...deps.fairness, fairness: shared(deps) };
  const app = new Hono<AppEnv>();
  app.get('/api/sales/:id/fairness', async (c) =>
    c.json(fairnessOf(await started(fairness, c.req.param('id'))), 200, fairnessHeaders),
  );
  app.get('/api/sales/:id/fairness/log', async (c) => {
    const { saleId } = await started(fairness, c.req.param('id'));
    return c.body(logStream(fairness, saleId), 200, logHeaders);
  });
  return app;
}

async function started(fairness: HttpDeps['fairness'], id: string): Promise<FairnessFacts> {
  const found = isId('sale', id) ? await fairness.fairness(id) : null;
  if (found === null || found.standing === 'draft' || found.standing === 'deleted') {
    throw new Problem('not-found', 'There is no such sale.');
  }
  if (found.standing === 'coming') {
    throw new Problem('sale-not-open', 'The log of a sale is public from its start on.');
  }
  return found;
}

/** One question a second for each sale, however many ask. */
function shared({ fairness }: Pick<HttpDeps, 'fairness'>): HttpDeps['fairness']['fairness'] {
  const found = new Map<string, Found>();
  return (saleId) => {
    const now = performance.now();
    const known = found.get(saleId);
    if (known !== undefined && known.untilMs > now) return known.facts;
    if (found.size >= salesMax) found.clear();
    const facts = fairness.fairness(saleId);
    found.set(saleId, { facts, untilMs: now + freshMs });
    // A failure is not kept.
    facts.catch(() => found.delete(saleId));
    return facts;
  };
}
