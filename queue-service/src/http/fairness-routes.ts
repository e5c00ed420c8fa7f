import { fairnessOf, fairnessSchema } from '@fairgate/shared/log/fairness.ts';
import type { PostgresLog } from '@fairgate/shared/log/postgres-log.ts';
import { logHeaders, logStream } from '@fairgate/shared/log/stream.ts';
import { Problem } from '@fairgate/shared/problem.ts';
import { z } from 'zod';
import type { Authenticate } from './auth.ts';
import { type Api, type Endpoint, serve } from './endpoint.ts';

/** What admins see besides: also before the start. */
const adminFairness = fairnessSchema.extend({
  trouble: z.string().nullable().describe('why the draw is not done yet'),
});

const sale = { idPrefix: 'sale', method: 'GET', role: 'viewer', status: 200 } as const;

export const fairnessEndpoints = {
  report: {
    ...sale,
    path: '/v1/sales/{id}/fairness',
    summary: 'Who was let in before their turn, by lane, and all that checks a draw',
    answer: adminFairness,
  },
  log: {
    ...sale,
    path: '/v1/sales/{id}/fairness/log',
    summary: 'The log of the sale as NDJSON, without visitors: docs/draw.md gives every byte',
    alsoTypes: ['application/x-ndjson'],
  },
} as const satisfies Record<string, Endpoint<unknown, unknown>>;

export type FairnessLog = Pick<PostgresLog, 'fairness' | 'blocksAfter'>;

export function fairnessRoutes(api: Api, authenticate: Authenticate, log: FairnessLog): void {
  const facts = async (id: string) => {
    const found = await log.fairness(id);
    if (found === null) throw new Problem('not-found', 'There is no such sale.');
    return found;
  };
  serve(api, authenticate, fairnessEndpoints.report, async ({ c, id }) => {
    const found = await facts(id);
    const trouble = found.draw?.trouble ?? null;
    return c.json({ ...fairnessOf(found), trouble }, 200, { 'cache-control': 'no-store' });
  });
  serve(api, authenticate, fairnessEndpoints.log, async ({ c, id }) => {
    await facts(id);
    return c.body(logStream(log, id), 200, logHeaders);
  });
}
