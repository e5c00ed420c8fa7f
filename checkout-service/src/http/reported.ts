import { jsonBody } from '@fairgate/shared/http/body.ts';
import { Problem, problemResponse } from '@fairgate/shared/problem.ts';
import type { ReportedAnswer } from '@fairgate/shared/reported-outcomes.ts';
import { type Context, Hono } from 'hono';
import type { Reported, ReportedResult } from '../app/reported.ts';
import { orderView } from '../domain/order-view.ts';
import { reportsSchema } from './bodies.ts';
import type { AppEnv, HttpDeps } from './deps.ts';
import { requireService } from './internal.ts';
import { redemptionProblem } from './outcomes.ts';

/** So many reports of one request are under way at a time: shoppers' own need connections too. */
const atATime = 8;

/** What the shop's own checkout reports, by way of the queue service: one result for each, in order. */
export function reportedRoutes(deps: HttpDeps): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  app.post('/internal/sales/:id/outcomes', async (c: Context) => {
    requireService(c, deps);
    const saleId = c.req.param('id') ?? '';
    const { actor, outcomes } = await jsonBody(c, reportsSchema);
    const results: ReportedAnswer['results'] = [];
    for (let from = 0; from < outcomes.length; from += atATime) {
      const some = outcomes.slice(from, from + atATime);
      results.push(...(await Promise.all(some.map((one) => take(deps, saleId, one, actor)))));
    }
    return c.json({ results } satisfies ReportedAnswer);
  });
  return app;
}

async function take(deps: HttpDeps, saleId: string, reported: Reported, actor: string) {
  const result = await deps.takeReport(saleId, reported, actor);
  if (result.kind === 'order') {
    const { order, change } = result;
    if (change !== null) deps.changed(change, saleId);
    return { result: 'accepted', order: orderView(order) } as const;
  }
  if (result.kind === 'lapsed') return { result: 'accepted', order: null } as const;
  const { slug, details, cause } = problemOf(result);
  if (cause !== undefined) deps.log.warn({ slug, saleId }, 'a report was not taken');
  const problem = await problemResponse(slug, details).json();
  return { result: 'refused', problem } as ReportedAnswer['results'][number];
}

type Refused = Exclude<ReportedResult, { kind: 'order' | 'lapsed' }>;

function problemOf(result: Refused): Problem {
  switch (result.kind) {
    case 'items-needed':
      return new Problem('invalid-request', {
        detail: 'Nothing was reported of this token before: say what was bought.',
        errors: [{ path: 'items', message: 'is needed' }],
      });
    case 'other-items':
      return new Problem('conflict', {
        detail: 'The token was reported with other items before.',
        extra: { orderId: result.order.id },
      });
    case 'other-end': {
      const { id, state } = result.order;
      const slug = state === 'expired' ? 'order-expired' : 'conflict';
      return new Problem(slug, {
        detail: `The order is ${state}: its units are ${state === 'paid' ? 'sold' : 'free again'}.`,
        extra: { orderId: id, state },
      });
    }
    default:
      return redemptionProblem(result);
  }
}
