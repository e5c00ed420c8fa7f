import {
  answerOf,
  bodyOf,
  jsonSchema,
  type Operation,
  type Paths,
  pathParameter,
  refusals,
} from '@fairgate/shared/http/openapi-parts.ts';
import { fairnessSchema } from '@fairgate/shared/log/fairness.ts';
import { logLineSchema } from '@fairgate/shared/log/record.ts';
import { reportedAnswerSchema } from '@fairgate/shared/reported-outcomes.ts';
import { healthSchema, orderAnswerSchema, readySchema } from './answers.ts';
import { refundSchema, reportsSchema } from './bodies.ts';
import { always, inputWords } from './openapi-orders.ts';

const ofSale = [pathParameter('id', 'of the sale')];
const notYet = refusals({
  ...always,
  'not-found': 'there is no such sale',
  'sale-not-open': 'public from its start on',
});

/** Public, after a sale's start; by way of the edge as well. */
export const fairnessPaths: Paths = {
  '/api/sales/{id}/fairness': {
    get: {
      operationId: 'getFairness',
      summary: 'Who was let in before their turn, by lane, and all that checks a draw.',
      description: 'For anyone, from the start of the sale on. docs/draw.md says how to check it.',
      parameters: ofSale,
      responses: { '200': answerOf('The report.', fairnessSchema), ...notYet },
    },
  },
  '/api/sales/{id}/fairness/log': {
    get: {
      operationId: 'getFairnessLog',
      summary: 'The whole log of the sale, without visitors.',
      description: 'One JSON object a line, chained by SHA-256; docs/draw.md gives every byte.',
      parameters: ofSale,
      responses: {
        '200': {
          description: 'The log.',
          content: {
            'application/x-ndjson': { 'x-item-schema': jsonSchema(logLineSchema, 'output') },
          },
        },
        ...notYet,
      },
    },
  },
};

/** Of paths for the inside: they stand in the document, and are reached from nowhere else. */
const inside = { tags: ['inside'] };
const busy = { 'rate-limited': always['rate-limited'], unavailable: 'no checkout answers' };

/** What an installation asks of itself, and the description of it all. */
export const operationPaths: Paths = {
  '/internal/orders/{id}/refund': {
    post: {
      ...inside,
      operationId: 'refundOrder',
      summary: 'For the queue service alone: refund a paid order. Repeating it answers the same.',
      security: [{ internalKey: [] }],
      parameters: [pathParameter('id', 'of the order')],
      requestBody: bodyOf(refundSchema),
      responses: {
        '200': answerOf('The order.', orderAnswerSchema),
        ...refusals({
          ...inputWords,
          unauthorized: 'the key is missing, or not that of this installation',
          'not-found': 'there is no such order',
          conflict: 'the order is not paid; `detail` names its state',
          unavailable: 'Postgres cannot be reached',
        }),
      },
    },
  },
  '/internal/sales/{id}/outcomes': {
    post: {
      ...inside,
      operationId: 'takeOutcomes',
      summary: 'For the queue service alone: what a checkout of the shop’s own reports.',
      description: 'One result for each, in their order. Repeating it answers the same.',
      security: [{ internalKey: [] }],
      parameters: ofSale,
      requestBody: bodyOf(reportsSchema),
      responses: {
        '200': answerOf('The results.', reportedAnswerSchema),
        ...refusals({
          ...inputWords,
          unauthorized: 'the key is missing, or not that of this installation',
        }),
      },
    },
  },
  '/healthz': {
    get: {
      operationId: 'getHealth',
      summary: 'Alive.',
      responses: { '200': answerOf('Alive.', healthSchema), ...refusals(busy) },
    },
  },
  '/readyz': {
    get: {
      ...inside,
      operationId: 'getReadiness',
      summary: 'Able to serve.',
      responses: {
        '200': answerOf('Able.', readySchema),
        ...refusals({ unavailable: 'Postgres cannot be reached' }),
      },
    },
  },
  '/metrics': { get: { ...inside, ...read('getMetrics', 'Prometheus figures.', 'text/plain') } },
  '/openapi.json': {
    get: reached(read('getDescription', 'This document.', 'application/json', 'object')),
  },
  '/docs': { get: reached(read('getDocs', 'This document, to read.', 'text/html')) },
};

function read(operationId: string, summary: string, type: string, form = 'string'): Operation {
  const content = { [type]: { schema: { type: form } } };
  return { operationId, summary, responses: { '200': { description: summary, content } } };
}

/** By way of the balancer. */
function reached(operation: Operation): Operation {
  return { ...operation, responses: { ...operation.responses, ...refusals(busy) } };
}
