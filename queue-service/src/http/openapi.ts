import {
  type Json,
  jsonContent,
  jsonSchema,
  problemSchema,
  refusals,
} from '@fairgate/shared/http/openapi-parts.ts';
import type { ProblemSlug } from '@fairgate/shared/problem.ts';
import { z } from 'zod';
import type { Endpoint } from './endpoint.ts';
import { openPaths } from './open-paths.ts';
import { openApiWebhooks } from './webhook-payloads.ts';

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
        "Products, sales, rooms, summaries, bans and keys. Errors are RFC 9457 problems. Credentials are an API key (or a token of the operator's own login) as `Authorization: Bearer`, or the cookie that signing in at the console leaves.",
    },
    components: {
      securitySchemes: {
        key: { type: 'http', scheme: 'bearer', bearerFormat: 'API key, or a JWT of the login' },
        session: { type: 'apiKey', in: 'cookie', name: 'fairgate_session' },
      },
      schemas: { Problem: jsonSchema(problemSchema, 'output') },
    },
    security: [{ key: [] }, { session: [] }],
    paths: { ...paths, ...openPaths() },
    webhooks: openApiWebhooks(),
  };
}

function operation(endpoint: Endpoint<unknown, unknown>): Json {
  const { status, summary, role, method, path } = endpoint;
  return {
    operationId: operationId(method, path),
    summary,
    description: `Role: ${role}.`,
    'x-fairgate-role': role,
    parameters: parameters(endpoint),
    ...requestBody(endpoint),
    responses: { [status]: answer(endpoint), ...refusals(refusalsOf(endpoint)) },
  };
}

function requestBody({ body, bodyOptional, upload }: Endpoint<unknown, unknown>): Json {
  if (body !== undefined) {
    return { requestBody: { required: !bodyOptional, content: jsonContent(body, 'input') } };
  }
  if (upload === undefined) return {};
  const description = `up to ${upload.bytesMax} bytes, read as a stream`;
  const content = { [upload.type]: { schema: { type: 'string' } } };
  return { requestBody: { required: true, description, content } };
}

/** `POST /v1/sales/{id}/refund-all` is `postSalesByIdRefundAll`. */
export function operationId(method: string, path: string): string {
  const words = path.replace(/^\/v1/, '').split(/[/.-]/);
  const named = words.map((word) => {
    const bare = word.replace(/^\{(\w+)\}$/, (_, name: string) => `by-${name}`);
    return bare.split('-').map(capital).join('');
  });
  return `${method.toLowerCase()}${named.join('')}`;
}

function capital(word: string): string {
  return `${word.charAt(0).toUpperCase()}${word.slice(1)}`;
}

/** What may be answered besides the success, with the case in words. */
function refusalsOf(endpoint: Endpoint<unknown, unknown>): Partial<Record<ProblemSlug, string>> {
  const { body, upload, query, idPrefix, ifMatch, once, method } = endpoint;
  const readsInput = body !== undefined || query !== undefined || once === true;
  return {
    ...(readsInput ? { 'invalid-request': 'what is wrong is listed in `errors`' } : {}),
    unauthorized: 'no valid credentials',
    forbidden: 'the role does not suffice, or a cookie came from another origin',
    ...(idPrefix === undefined ? {} : { 'not-found': 'nothing has that id' }),
    ...(method === 'GET' ? {} : { 'precondition-failed': preconditionWords(ifMatch === true) }),
    ...(method === 'GET' ? {} : { 'payload-too-large': 'the body is over the limit' }),
    ...(body ? { 'unsupported-media-type': 'the body is no JSON by its content type' } : {}),
    ...(upload ? { 'unsupported-media-type': `the body is not ${upload.type}, in UTF-8` } : {}),
    ...(once ? { 'idempotency-key-reused': 'the key came with another request' } : {}),
    'rate-limited': 'too many wrong credentials came from this address',
    unavailable: 'a store cannot be reached; try again after `Retry-After`',
    ...endpoint.refusals,
  };
}

const preconditionWords = (ifMatch: boolean) =>
  ifMatch ? 'it has changed since `If-Match` was read' : '`If-Match` was sent; it has no version';

function parameters({ path, query, ifMatch, once }: Endpoint<unknown, unknown>): Json[] {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => {
    return { name, in: 'path', required: true, schema: { type: 'string' } };
  });
  const shape = query instanceof z.ZodObject ? Object.entries(query.shape) : [];
  const inQuery = shape.map(([name, schema]) => {
    return { name, in: 'query', required: false, schema: jsonSchema(schema, 'input') };
  });
  return [
    ...inPath,
    ...inQuery,
    ...(ifMatch ? [header('If-Match', 'an `ETag` that was read')] : []),
    ...(once ? [header('Idempotency-Key', 'sent again, the first answer is given; 24 h')] : []),
  ];
}

function header(name: string, description: string): Json {
  return { name, in: 'header', required: false, description, schema: { type: 'string' } };
}

function answer(endpoint: Endpoint<unknown, unknown>): Json {
  const { status, answer: schema, alsoTypes = [] } = endpoint;
  const description = status === 204 ? 'Done' : status === 201 ? 'Made' : 'The answer';
  const also = alsoTypes.map((type) => [type, { schema: { type: 'string' } }]);
  const content = {
    ...(schema ? jsonContent(schema, 'output') : {}),
    ...Object.fromEntries(also),
  };
  return { description, ...(Object.keys(content).length > 0 ? { content } : {}) };
}
