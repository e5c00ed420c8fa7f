import { problemResponse } from '@fairgate/shared/problem.ts';
import { describe, expect, it } from 'vitest';
import { conformance, routeDifferences } from './conformance.ts';
import type { Answer } from './http.ts';
import { documentFaults } from './openapi-faults.ts';

const problem = (...slugs: string[]) => ({
  description: slugs.join(', '),
  content: {
    'application/problem+json': {
      schema: {
        allOf: [
          { $ref: '#/components/schemas/Problem' },
          { properties: { type: { enum: slugs.map((slug) => `urn:fairgate:problem:${slug}`) } } },
        ],
      },
    },
  },
});

const thing = {
  type: 'object',
  required: ['id'],
  properties: { id: { type: 'string' } },
  additionalProperties: false,
};
const waits = { 'Retry-After': { required: true, schema: { type: 'integer' } } };
const document = {
  openapi: '3.1.0',
  info: { title: 'Things', version: '1' },
  security: [{ key: [] }],
  paths: {
    '/things/{id}': {
      parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }],
      get: {
        operationId: 'getThing',
        summary: 'A thing.',
        responses: {
          200: { description: 'It.', content: { 'application/json': { schema: thing } } },
          404: problem('not-found'),
          503: { ...problem('unavailable'), headers: waits },
        },
      },
      delete: {
        operationId: 'deleteThing',
        summary: 'Away.',
        responses: { 204: { description: 'Done.' } },
      },
    },
    '/things/log': {
      get: {
        operationId: 'getLog',
        summary: 'Lines.',
        responses: {
          200: {
            description: 'The log.',
            content: { 'application/x-ndjson': { 'x-item-schema': thing } },
          },
        },
      },
    },
  },
  components: {
    securitySchemes: { key: { type: 'http', scheme: 'bearer' } },
    schemas: { Problem: { type: 'object', required: ['type', 'detail'] } },
  },
};

const answer = (status: number, text = '', headers = {}): Answer => ({
  status,
  text,
  headers: new Headers(headers),
});
const json = (value: unknown, status = 200) =>
  answer(status, JSON.stringify(value), { 'content-type': 'application/json; charset=utf-8' });
const refused = async (...given: Parameters<typeof problemResponse>): Promise<Answer> => {
  const response = problemResponse(...given);
  return { status: response.status, headers: response.headers, text: await response.text() };
};

describe('an answer', () => {
  const see =
    (target: string, given: Answer, method = 'GET') =>
    () =>
      conformance(document).see(method, target, given);

  it('that is as documented passes', async () => {
    expect(see('/things/1?a=b', json({ id: '1' }))).not.toThrow();
    expect(see('/things/1', answer(204), 'DELETE')).not.toThrow();
    const lines = answer(200, '{"id":"1"}\n{"id":"2"}\n', {
      'content-type': 'application/x-ndjson',
    });
    expect(see('/things/log', lines)).not.toThrow();
  });

  it.each([
    ['of another status', '/things/1', json({ id: '1' }, 201), 'which is not documented'],
    ['that lacks a field', '/things/1', json({}), 'required property'],
    ['with a field too many', '/things/1', json({ id: '1', more: 1 }), 'additional'],
    ['of another type', '/things/1', answer(200, 'x', { 'content-type': 'text/plain' }), 'text/pl'],
    [
      'with a line of another kind',
      '/things/log',
      answer(200, '{"id":"1"}\n{"no":1}\n', { 'content-type': 'application/x-ndjson' }),
      'required property',
    ],
    ['to what is not documented', '/others', json({}), 'GET /others is not documented'],
  ])('%s is refused', (_, target, given, why) => {
    expect(see(target, given)).toThrow(why);
  });

  it('that is another problem than those documented, or lacks a header, is refused', async () => {
    const here = await refused('not-found', { detail: 'x' });
    expect(see('/things/1', here)).not.toThrow();
    const other = await refused('conflict', { detail: 'x' });
    expect(see('/things/1', { ...other, status: 404 })).toThrow('"conflict" is not documented');
    const away = await refused('unavailable', { detail: 'x' });
    expect(see('/things/1', away)).not.toThrow();
    const noHeader = {
      ...away,
      headers: new Headers({ 'content-type': 'application/problem+json' }),
    };
    expect(see('/things/1', noHeader)).toThrow('retry-after is missing');
    away.headers.set('retry-after', 'soon');
    expect(see('/things/1', away)).toThrow('retry-after: ');
  });
});

it('what was not seen is told, by status and problem or content type', () => {
  const api = conformance(document);
  api.see('DELETE', '/things/1', answer(204));
  api.see('GET', '/things/1', json({ id: '1' }));
  expect(api.missing()).toEqual([
    'GET /things/log 200 application/x-ndjson',
    'GET /things/{id} 404 not-found',
    'GET /things/{id} 503 unavailable',
  ]);
});

it('a route that is not documented is told, and what is documented and not served', () => {
  const { operations } = conformance(document);
  const routes = [
    { method: 'ALL', path: '/*' },
    { method: 'GET', path: '/things/log' },
    { method: 'GET', path: '/things/:thing' },
    { method: 'POST', path: '/things/:id{[0-9]+}' },
  ];
  expect(routeDifferences(operations, routes)).toEqual({
    undocumented: ['POST /things/{}'],
    unserved: ['DELETE /things/{}'],
  });
});

describe('a document', () => {
  it('that is whole has no faults', () => {
    expect(documentFaults(document)).toEqual([]);
  });

  it('is judged by the specification, its references, ids, schemes and parameters', () => {
    const badType = [{ name: 'n', in: 'query', schema: { type: 'whole' } }];
    const { '/things/log': log, '/things/{id}': things } = document.paths;
    const broken = {
      ...document,
      info: { title: 'Things' },
      security: [{ other: [] }],
      paths: {
        '/things/{id}': { get: { ...things.get, operationId: 'getLog', parameters: badType } },
        '/things/log': {
          get: {
            ...log.get,
            responses: {
              ...log.get.responses,
              default: { description: 'Else.' },
              404: { $ref: '#/components/responses/Missing' },
            },
          },
        },
      },
    };
    const { 404: _, ...responses } = broken.paths['/things/log'].get.responses;
    const readable = structuredClone(broken);
    Object.assign(readable.paths['/things/log'].get, { responses });
    const faults = documentFaults(readable).join('\n');
    expect(faults).toContain("required property 'version'");
    expect(faults).toContain('/schema/type must be equal to one of');
    expect(faults).toContain('GET /things/{id}: {id} is not declared');
    expect(faults).toContain('getLog is there twice');
    expect(faults).toContain('the security scheme other is not declared');
    expect(faults).toContain('an answer is of no status');
    expect(() => documentFaults(broken)).toThrow('#/components/responses/Missing names nothing');
  });
});
