import { parseInput } from '@fairgate/shared/http/body.ts';
import { pageQuerySchema } from '@fairgate/shared/http/page.ts';
import { Problem } from '@fairgate/shared/problem.ts';
import { Hono } from 'hono';
import type { SaleList } from '../app/sales.ts';
import type { ChallengeAnswer, Health, SaleAnswer, SaleListAnswer } from './answers.ts';
import { pressureNetwork } from './client.ts';
import { type Edge, type EdgeContext, type EdgeEnv, keeper, saleIdOf } from './context.ts';
import { challengeUnavailable, refusal } from './refusals.ts';

const forASecond = { 'cache-control': 'public, max-age=1' };

/** What everybody may see, the same for everyone. */
export function saleRoutes(edge: Edge): Hono<EdgeEnv> {
  const routes = new Hono<EdgeEnv>();

  routes.get('/api/sales', async (c) => {
    const list: SaleListAnswer = await salePage(edge, c);
    return c.json(list, 200, forASecond);
  });

  routes.get('/api/sales/:saleId', async (c) => {
    const outcome = await edge.sales.one(saleIdOf(c));
    if (outcome.kind !== 'sale') throw refusal(outcome);
    const { sale, isStale } = outcome;
    const answer: SaleAnswer = isStale ? { ...sale, stale: true } : sale;
    return c.json(answer, 200, forASecond);
  });

  routes.get('/api/sales/:saleId/challenge', async (c) => {
    const outcome = await edge.sales.one(saleIdOf(c));
    if (outcome.kind !== 'sale') throw refusal(outcome);
    const network = pressureNetwork(c, edge.door.exempt);
    const offer = await edge.challenges.offer(outcome.sale, network);
    switch (offer.kind) {
      case 'challenge':
        return c.json(offer.json satisfies ChallengeAnswer, 200, { 'cache-control': 'no-store' });
      case 'none-needed':
        return c.body(null, 204, { 'cache-control': 'no-store' });
      case 'unavailable':
        throw challengeUnavailable(offer.cause);
    }
  });

  routes.get('/.well-known/jwks.json', (c) =>
    c.json(edge.publicKeys, 200, { 'cache-control': 'public, max-age=60' }),
  );

  routes.get('/healthz', (c) =>
    c.json({ status: 'ok' } satisfies Health, 200, { 'cache-control': 'no-store' }),
  );
  return routes;
}

/** The page of the list that the query asks for, `limitDefault` long where it does not say. Throws Problems: 400, 503. */
export async function salePage(
  edge: Edge,
  c: EdgeContext,
  limitDefault?: number,
): Promise<SaleList> {
  const query = c.req.query();
  const { cursor, limit } = parseInput(pageQuerySchema, { limit: limitDefault, ...query });
  const outcome = await edge.sales.list(cursor ?? null, limit, keeper(c));
  switch (outcome.kind) {
    case 'sales':
      return outcome.list;
    case 'bad-cursor': {
      const errors = [{ path: 'cursor', message: 'is not a cursor of this list' }];
      throw new Problem('invalid-request', { detail: 'The cursor is not valid.', errors });
    }
    case 'unavailable':
      throw refusal(outcome);
  }
}
