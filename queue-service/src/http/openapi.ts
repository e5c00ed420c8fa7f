import { problems } from '@fairgate/shared/problem.ts';
import { z } from 'zod';
import type { Endpoint } from './endpoint.ts';

type Json = Record<string, unknown>;

const problemSchema = z.object({
  type: z.enum(Object.keys(problems).map((slug) => `urn:fairgate:problem:${slug}`)),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
});

/** The OpenAPI 3.1 document, from the same schemas that the routes parse with. */
export function openApiDocument(endpoints: readonly Endpoint<unknown, unknown>[]): Json {
  const paths: Record<string, Json> = {};
  for (const endpoint of endpoints) {
    const operations = paths[endpoint.path] ?? {};
    paths[endpoint.path] = operations;
    operations[endpoint.method.toLowerCase()] = operation(endpoint);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Fairgate queue service',
      version: '1',
      description:
        'Products, sales, rooms, summaries, bans and keys. Errors are RFC 9457 problems.',
    },
    components: {
      securitySchemes: { key: { type: 'http', scheme: 'bearer', bearerFormat: 'API key' } },
      schemas: { Problem: jsonSchema(problemSchema, 'output') },
    },
    security: [{ key: [] }],
    paths: { ...paths, ...openPaths() },
  };
}

function operation(endpoint: Endpoint<unknown, unknown>): Json {
  const { body, bodyOptional = false, status, summary, role } = endpoint;
  return {
    summary,
    description: `Role: ${role}.`,
    parameters: parameters(endpoint),
    ...(body
      ? { requestBody: { required: !bodyOptional, content: jsonContent(body, 'input') } }
      : {}),
    responses: { [status]: answer(endpoint), default: problemAnswer },
  };
}

const problemAnswer = {
  description: 'A problem document',
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
};

function parameters({ path, method, query }: Endpoint<unknown, unknown>): Json[] {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => {
    return { name, in: 'path', required: true, schema: { type: 'string' } };
  });
  const shape = query instanceof z.ZodObject ? Object.entries(query.shape) : [];
  const inQuery = shape.map(([name, schema]) => {
    return { name, in: 'query', required: false, schema: jsonSchema(schema, 'input') };
  });
  const isChange = inPath.length > 0 && method !== 'GET';
  const ifMatch = { name: 'If-Match', in: 'header', required: false, schema: { type: 'string' } };
  return [...inPath, ...inQuery, ...(isChange ? [ifMatch] : [])];
}

function answer({ status, answer: schema, alsoTypes = [] }: Endpoint<unknown, unknown>): Json {
  const description = status === 204 ? 'Done' : status === 201 ? 'Made' : 'The answer';
  const also = alsoTypes.map((type) => [type, { schema: { type: 'string' } }]);
  const content = {
    ...(schema ? jsonContent(schema, 'output') : {}),
    ...Object.fromEntries(also),
  };
  return { description, ...(Object.keys(content).length > 0 ? { content } : {}) };
}

function jsonContent(schema: z.ZodType, io: 'input' | 'output'): Json {
  return { 'application/json': { schema: jsonSchema(schema, io) } };
}

/** Transforms (times to ms) have no JSON form of their own; what is sent is described. */
function jsonSchema(schema: z.core.$ZodType, io: 'input' | 'output'): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return rest;
}

/** Calls without a key. */
function openPaths(): Record<string, Json> {
  const get = (summary: string, type: string) => ({
    get: {
      summary,
      security: [],
      responses: { 200: { description: 'The answer', content: { [type]: {} } } },
    },
  });
  return {
    '/healthz': get('The process is alive', 'application/json'),
    '/readyz': get('Able to serve: Postgres answers', 'application/json'),
    '/metrics': get('Metrics for Prometheus', 'text/plain'),
    '/openapi.json': get('This document', 'application/json'),
    '/docs': get('This document, to read', 'text/html'),
  };
}
