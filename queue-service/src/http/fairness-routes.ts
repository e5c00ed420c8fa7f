import { type Clock, isoTime } from '@fairgate/shared/clock.ts';
import { firstHead } from '@fairgate/shared/draw/chain.ts';
import { fairnessOf, fairnessSchema } from '@fairgate/shared/log/fairness.ts';
import type { PostgresLog } from '@fairgate/shared/log/postgres-log.ts';
import { logHeaders, logStream } from '@fairgate/shared/log/stream.ts';
import { Problem } from '@fairgate/shared/problem.ts';
import { z } from 'zod';
import type { ReadArrivals } from '../app/arrivals.ts';
import { fairnessProof } from '../domain/fairness-proof.ts';
import type { Authenticate } from './auth.ts';
import { type Api, type Endpoint, serve } from './endpoint.ts';
import { at, count } from './views.ts';

/** What admins see besides: also before the start. */
const adminFairness = fairnessSchema.extend({
  trouble: z.string().nullable().describe('why the draw is not done yet'),
});

const arrivalsView = z.object({
  id: z.string().describe('of the sale'),
  auditedSeq: count.describe('the last line of the log that was looked at'),
  admitted: count,
  inversions: count,
  items: z
    .array(
      z.object({
        lane: z.string(),
        number: count,
        rank: count.describe('where it stood: the rank drawn, or the number'),
        joinedAt: at.nullable().describe('null where the log lost it'),
        admittedAt: at,
        order: count.describe('which admission of its lane, from 1 on'),
        isInversion: z.boolean().describe('somebody who was present stood ahead'),
      }),
    )
    .describe('1,000 at most, evenly spread; the first, the last and every inversion are in it'),
});

const text = z.string();
const hash = z.string().nullable();
const proofView = z.object({
  id: text.describe('of the sale'),
  generatedAt: at,
  report: fairnessSchema,
  draw: fairnessSchema
    .pick({ drawCommitment: true, drawSeed: true, lobbySeq: true, lobbyHead: true, entrants: true })
    .extend(
      fairnessSchema.pick({ randomnessUrl: true, randomness: true, drawKey: true, drawnAt: true })
        .shape,
    )
    .nullable(),
  log: z.object({
    url: text.describe('for anyone, no key'),
    adminPath: text,
    contentType: text,
    lines: count,
    lastSeq: count,
    firstHead: text,
    head: hash,
  }),
  hashes: z.object({ algorithm: text, logHead: hash, lobbyHead: hash }),
  checks: z.array(z.object({ command: text, shows: z.array(text) })),
  rules: text,
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
  arrivals: {
    ...sale,
    path: '/v1/sales/{id}/fairness/arrivals',
    summary: 'Arrival against admission, for a plot',
    answer: arrivalsView,
  },
  proof: {
    ...sale,
    path: '/v1/sales/{id}/fairness/proof',
    summary: 'To download: the report, the draw, the head of the log, and how to check them',
    answer: proofView,
  },
} as const satisfies Record<string, Endpoint<unknown, unknown>>;

export type FairnessLog = Pick<PostgresLog, 'fairness' | 'blocksAfter'>;
type Parts = { fairness: FairnessLog; arrivals: ReadArrivals; publicOrigin: string; clock: Clock };

const notKept = { 'cache-control': 'no-store' };

export function fairnessRoutes(
  api: Api,
  authenticate: Authenticate,
  { fairness: log, arrivals, publicOrigin, clock }: Parts,
): void {
  const facts = async (id: string) => {
    const found = await log.fairness(id);
    if (found === null) throw new Problem('not-found', 'There is no such sale.');
    return found;
  };
  serve(api, authenticate, fairnessEndpoints.report, async ({ c, id }) => {
    const found = await facts(id);
    const trouble = found.draw?.trouble ?? null;
    return c.json({ ...fairnessOf(found), trouble }, 200, notKept);
  });
  serve(api, authenticate, fairnessEndpoints.log, async ({ c, id }) => {
    await facts(id);
    return c.body(logStream(log, id), 200, logHeaders);
  });
  serve(api, authenticate, fairnessEndpoints.arrivals, async ({ c, id }) => {
    const { items, ...rest } = await arrivals(id);
    const shown = items.map(({ joinedAt, admittedAt, ...item }) => ({
      ...item,
      joinedAt: joinedAt === null ? null : isoTime(joinedAt),
      admittedAt: isoTime(admittedAt),
    }));
    return c.json({ ...rest, items: shown }, 200, notKept);
  });
  serve(api, authenticate, fairnessEndpoints.proof, async ({ c, id }) => {
    const report = fairnessOf(await facts(id));
    const generatedAt = isoTime(clock.now());
    const proof = fairnessProof({ report, publicOrigin, firstHead: firstHead(id), generatedAt });
    c.header('content-disposition', `attachment; filename="${id}-fairness-proof.json"`);
    return c.json(proof, 200, notKept);
  });
}
