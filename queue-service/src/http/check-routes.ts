import { z } from 'zod';
import type { Checks } from '../app/checks.ts';
import type { Authenticate } from './auth.ts';
import { type Api, type Endpoint, serve } from './endpoint.ts';
import { findingView } from './views.ts';

const checksView = z.object({
  id: z.string().describe('of the sale'),
  publishable: z.boolean().describe('whether publish would be taken'),
  claimsPerSecond: z
    .number()
    .nullable()
    .describe('what the checkouts that live took when last measured; null: nothing was'),
  findings: z.array(findingView).describe('the gravest first'),
});

export const checkEndpoints = {
  checks: {
    method: 'GET',
    path: '/v1/sales/{id}/checks',
    idPrefix: 'sale',
    role: 'viewer',
    summary: 'What to look at before a sale is published, and what to do about it',
    status: 200,
    answer: checksView,
  },
} as const satisfies Record<string, Endpoint<unknown, unknown>>;

export function checkRoutes(
  api: Api,
  authenticate: Authenticate,
  { checks }: { checks: Checks },
): void {
  serve(api, authenticate, checkEndpoints.checks, async ({ c, id }) => {
    c.header('cache-control', 'no-store');
    return c.json(await checks.report(id));
  });
}
