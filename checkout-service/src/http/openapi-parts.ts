import { problems } from '@fairgate/shared/problem.ts';

export type Answer = { description: string; content?: object; headers?: object };
export type Operation = {
  summary: string;
  description?: string;
  tags?: string[];
  security?: object[];
  parameters?: object[];
  requestBody?: object;
  responses: Record<string, Answer>;
};

export const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });
const header = (name: string) => ({ $ref: `#/components/headers/${name}` });
export const json = (schema: object) => ({ 'application/json': { schema } });
export const idParameter = {
  name: 'id',
  in: 'path',
  required: true,
  schema: { type: 'string' },
};
export const orderAnswer: Answer = {
  description: 'The order.',
  content: json({ type: 'object', required: ['order'], properties: { order: ref('Order') } }),
};

/** Refusals by status, with their slugs, from the table that answers them. */
export function refusals(...slugs: (keyof typeof problems)[]): Operation['responses'] {
  const byStatus = Map.groupBy(slugs, (slug) => String(problems[slug].status));
  return Object.fromEntries(
    [...byStatus].map(([status, group]) => [
      status,
      {
        description: group.map((slug) => `\`${slug}\``).join(', '),
        content: { 'application/problem+json': { schema: ref('Problem') } },
        ...(status === '429' || status === '503'
          ? { headers: { 'Retry-After': header('RetryAfter') } }
          : {}),
      },
    ]),
  );
}

/** What any request that gets past the balancer, and asks Postgres, may be answered. */
export const always = refusals('rate-limited', 'unavailable');

/** Of paths for the inside: they stand in the document, and are reached from nowhere else. */
export const inside = { tags: ['inside'] };

export const headers = {
  RequestId: {
    description: 'The request’s id: the client’s own where it is well formed.',
    schema: { type: 'string' },
  },
  RetryAfter: { description: 'Seconds to wait.', schema: { type: 'integer' } },
  Location: { description: 'The path of the order.', schema: { type: 'string' } },
  IdempotentReplayed: {
    description: '`true` where the same was answered before.',
    schema: { const: 'true' },
  },
};

/** With the header that every answer has. */
export function withRequestId(operation: Operation): Operation {
  const responses = Object.entries(operation.responses).map(([status, answer]) => [
    status,
    { ...answer, headers: { 'x-request-id': header('RequestId'), ...answer.headers } },
  ]);
  return { ...operation, responses: Object.fromEntries(responses) };
}

/** Of the redemption. */
export const orderHeaders = {
  Location: header('Location'),
  'idempotent-replayed': header('IdempotentReplayed'),
};
