import { z } from 'zod';
import { type ProblemSlug, problems } from '../problem.ts';

export type Json = Record<string, unknown>;

/** An answer of an operation; its headers are added to those that every answer has. */
export type Described = { description: string; content?: Json; headers?: Json };

/** An operation of an OpenAPI 3.1 document. */
export type Operation = {
  operationId: string;
  summary: string;
  description?: string;
  tags?: string[];
  security?: Record<string, string[]>[];
  parameters?: Json[];
  requestBody?: { required: boolean; content: Json };
  responses: Record<string, Described>;
};

export type Paths = Record<string, Record<string, Operation>>;

const urn = (slug: string) => `urn:fairgate:problem:${slug}`;

/** Some have further members, such as `orderId` (RFC 9457 section 3.2). */
export const problemSchema = z.looseObject({
  type: z.enum(Object.keys(problems).map(urn)),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
});

/** Transforms have no JSON form of their own; what is sent is described. */
export function jsonSchema(schema: z.core.$ZodType, io: 'input' | 'output'): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return rest;
}

export function jsonContent(schema: z.ZodType, io: 'input' | 'output'): Json {
  return { 'application/json': { schema: jsonSchema(schema, io) } };
}

/** An answer of JSON. */
export function answerOf(description: string, schema: z.ZodType, headers: Json = {}): Described {
  return { description, content: jsonContent(schema, 'output'), headers };
}

export function bodyOf(schema: z.ZodType, required = true): Operation['requestBody'] & object {
  return { required, content: jsonContent(schema, 'input') };
}

export const pathParameter = (name: string, description: string): Json => ({
  name,
  in: 'path',
  required: true,
  description,
  schema: { type: 'string' },
});

/** Of every 429 and 503. */
export const retryHeaders: Json = {
  'Retry-After': {
    required: true,
    description: 'Seconds to wait.',
    schema: { type: 'integer', minimum: 1 },
  },
};

/** By status, each with the problems that it may be, and the case of each in words. */
export function refusals(cases: Partial<Record<ProblemSlug, string>>): Operation['responses'] {
  const slugs = Object.keys(problems).filter((slug): slug is ProblemSlug => slug in cases);
  const byStatus = Map.groupBy(slugs, (slug) => problems[slug].status);
  return Object.fromEntries(
    [...byStatus].map(([status, here]) => {
      const description = here.map((slug) => `\`${slug}\`: ${cases[slug]}`).join('; ');
      const waits = status === 429 || status === 503;
      const headers = waits ? retryHeaders : {};
      return [status, { description, headers, content: problemContent(here) }];
    }),
  );
}

/** A problem that is one of some. */
function problemContent(slugs: readonly ProblemSlug[]): Json {
  const type = { enum: slugs.map(urn) };
  const schema = { allOf: [{ $ref: '#/components/schemas/Problem' }, { properties: { type } }] };
  return { 'application/problem+json': { schema } };
}

/** The same status may come as a page for people and as a problem document. */
export function together(...lists: Operation['responses'][]): Operation['responses'] {
  const all: Operation['responses'] = {};
  for (const [status, answer] of lists.flatMap((list) => Object.entries(list))) {
    const known = all[status];
    all[status] = {
      description: known ? `${known.description}; ${answer.description}` : answer.description,
      content: { ...known?.content, ...answer.content },
      headers: { ...known?.headers, ...answer.headers },
    };
  }
  return all;
}

const requestId = {
  required: true,
  description: 'The request’s id: the client’s own where it is well formed.',
  schema: { type: 'string' },
};

/** With the header that every answer has. */
export function withRequestId(paths: Paths): Paths {
  const told = ({ responses, ...operation }: Operation): Operation => {
    const all = Object.entries(responses).map(([status, { headers, ...answer }]) => [
      status,
      { ...answer, headers: { 'x-request-id': requestId, ...headers } },
    ]);
    return { ...operation, responses: Object.fromEntries(all) };
  };
  const entries = Object.entries(paths).map(([path, item]) => [
    path,
    Object.fromEntries(Object.entries(item).map(([method, it]) => [method, told(it)])),
  ]);
  return Object.fromEntries(entries);
}
