import { fairnessSchema } from '@fairgate/shared/log/fairness.ts';
import { z } from 'zod';
import { always, idParameter, json, type Operation, refusals } from './openapi-parts.ts';

const parameters = [idParameter];
const notYet = { ...always, ...refusals('not-found', 'sale-not-open') };

/** Public, after a sale's start; by way of the edge as well. */
export const fairnessPaths: Record<string, Record<string, Operation>> = {
  '/api/sales/{id}/fairness': {
    get: {
      summary: 'Who was let in before their turn, by lane, and all that checks a draw.',
      description: 'For anyone, from the start of the sale on. docs/draw.md says how to check it.',
      parameters,
      responses: {
        '200': { description: 'The report.', content: json(z.toJSONSchema(fairnessSchema)) },
        ...notYet,
      },
    },
  },
  '/api/sales/{id}/fairness/log': {
    get: {
      summary: 'The whole log of the sale, without visitors.',
      description: 'One JSON object a line, chained by SHA-256; docs/draw.md gives every byte.',
      parameters,
      responses: {
        '200': { description: 'The log.', content: { 'application/x-ndjson': {} } },
        ...notYet,
      },
    },
  },
};
