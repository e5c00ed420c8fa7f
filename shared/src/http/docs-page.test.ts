import { describe, expect, it } from 'vitest';
import { docsPage } from './docs-page.ts';
import { fieldsOf, typeWords } from './docs-schema.ts';

const Tree = {
  type: 'object',
  required: ['name'],
  properties: {
    name: { type: 'string', minLength: 1, maxLength: 20, description: 'As it is `shown`.' },
    leaves: { type: 'array', maxItems: 10, items: { $ref: '#/components/schemas/Tree' } },
  },
};
const document = {
  openapi: '3.1.0',
  info: { title: 'Trees <b>', version: '1', description: 'Of a wood.' },
  servers: [{ url: 'https://wood.example' }],
  security: [{ key: [] }],
  paths: {
    '/trees/{id}': {
      parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }],
      post: {
        operationId: 'graft',
        summary: 'Graft a tree.',
        description: 'Once.\n\nAnd `again`.',
        requestBody: {
          content: { 'application/json': { schema: { $ref: '#/components/schemas/Tree' } } },
        },
        responses: {
          200: {
            description: 'The tree.',
            content: { 'application/json': { schema: { $ref: '#/components/schemas/Tree' } } },
          },
          404: { description: '`not-found`' },
        },
      },
    },
  },
  components: {
    schemas: { Tree },
    securitySchemes: { key: { type: 'http', scheme: 'bearer', description: 'An API key.' } },
  },
};

describe('the page of a document', async () => {
  const page = `${await docsPage(document)}`;

  it('tells each operation, its fields, answers, credentials and an example', () => {
    expect(page).toContain('<code>/trees/{id}</code>');
    expect(page).toContain('id (path)');
    expect(page).toContain('string, 1 to 20 characters');
    expect(page).toContain('As it is <code>shown</code>.');
    expect(page).toContain('<code>not-found</code>');
    expect(page).toContain('Credentials: key.');
    expect(page).toContain('curl -X POST &quot;https://wood.example/trees/$ID&quot;');
    expect(page).toContain('-d &#39;{&quot;name&quot;:&quot;text&quot;}&#39;');
  });

  it('has no script, loads nothing, and shows no markup of the document', () => {
    expect(page).not.toMatch(/<script|<link|<img|src=|url\(|@import/);
    expect(page).not.toContain('<b></title>');
    expect(page).toContain('Trees &lt;b&gt;');
  });
});

describe('the words for a schema', () => {
  it('name its ranges, formats, choices and default', () => {
    const words = (schema: object) => typeWords({}, schema);
    expect(words({ type: 'integer', minimum: 0, maximum: 600_000, default: 600 })).toBe(
      'integer, 0 to 600,000, else 600',
    );
    expect(words({ type: 'string', format: 'date-time' })).toBe('string (date-time)');
    expect(words({ enum: ['a', 'b'] })).toBe('"a" | "b"');
    expect(words({ anyOf: [{ type: 'string' }, { type: 'null' }] })).toBe('string or null');
    expect(words({ type: 'array', minItems: 1, items: { type: 'integer' } })).toBe(
      'list (at least 1) of integer',
    );
    // Nobody chose these.
    expect(words({ type: 'integer', minimum: -9_007_199_254_740_991 })).toBe('integer');
  });

  it('go through what is nested, of several kinds, put together, or holds itself', () => {
    const kinds = {
      oneOf: [
        { type: 'object', required: ['kind', 'a'], properties: { kind: { const: 1 }, a: {} } },
        { type: 'object', required: ['kind'], properties: { kind: { const: 2 } } },
      ],
    };
    const whole = { allOf: [kinds, { type: 'object', properties: { list: { items: Tree } } }] };
    const told = fieldsOf(document, whole).map(({ name, isRequired }) => `${name} ${isRequired}`);
    expect(told.slice(0, 4)).toEqual(['kind true', 'a false', 'list false', 'list[].name true']);
    const own = fieldsOf(document, { type: 'object', properties: { list: { items: Tree } } });
    expect(own.map(({ name }) => name).slice(0, 3)).toEqual([
      'list',
      'list[].name',
      'list[].leaves',
    ]);
    expect(own.length).toBeLessThan(20);
  });
});
