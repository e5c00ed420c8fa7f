import { isoTime } from '@fairgate/shared/clock.ts';
import { previewStates } from '@fairgate/shared/preview/preview.ts';
import { z } from 'zod';
import type { Checks } from '../app/checks.ts';
import type { MakePreview } from '../app/previews.ts';
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

const previewView = z.object({
  id: z.string().describe('of the preview; whoever knows it may look'),
  url: z.string().describe('at the edge; it shows the first of the states'),
  expiresAt: z.iso.datetime(),
  states: z.array(z.enum(previewStates)).describe('each by `?state=` at the url'),
});

const ofSale = { idPrefix: 'sale' } as const;

export const checkEndpoints = {
  checks: {
    ...ofSale,
    method: 'GET',
    path: '/v1/sales/{id}/checks',
    role: 'viewer',
    summary: 'What to look at before a sale is published, and what to do about it',
    status: 200,
    answer: checksView,
  },
  preview: {
    ...ofSale,
    method: 'POST',
    path: '/v1/sales/{id}/preview',
    role: 'operator',
    summary:
      'Make a link that shows the page of the sale, a draft too, in each of its states for an hour',
    once: true,
    refusals: { unavailable: 'the rooms’ Redis cannot be reached' },
    body: z.strictObject({}),
    bodyOptional: true,
    status: 201,
    answer: previewView,
  },
} as const satisfies Record<string, Endpoint<unknown, unknown>>;

export function checkRoutes(
  api: Api,
  authenticate: Authenticate,
  { checks, preview }: { checks: Checks; preview: MakePreview },
): void {
  serve(api, authenticate, checkEndpoints.checks, async ({ c, id }) => {
    c.header('cache-control', 'no-store');
    return c.json(await checks.report(id));
  });
  serve(api, authenticate, checkEndpoints.preview, async ({ c, caller, id }) => {
    const { expiresAt, ...made } = await preview(caller, id);
    c.header('cache-control', 'no-store');
    return c.json({ ...made, expiresAt: isoTime(expiresAt), states: previewStates }, 201);
  });
}
