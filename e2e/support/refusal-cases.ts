import type { ProblemSlug } from '@fairgate/shared/problem.ts';
import { z } from 'zod';
import type { Conformance } from './conformance.ts';
import type { DocumentedOperation, Json, Schema } from './openapi-document.ts';

/** A request that is answered with a success; cases are made of it by one change each. */
export type GoodRequest = {
  target: string;
  headers: Record<string, string>;
  /** Of the first content type that is documented: JSON, or the fields of a form. */
  body?: unknown;
};

export type RefusalCase = {
  title: string;
  method: string;
  target: string;
  headers: Record<string, string>;
  text?: string;
  slug: ProblemSlug;
};

const form = 'application/x-www-form-urlencoded';
/** CONTRACT.md section 1. */
const bodyBytesMax = 64 * 1_024;

/**
 * What has to be refused by the document alone: nobody's request, a body that is no JSON or does not
 * fit its schema (each field of a wrong type, out of its range, left out, or unknown), one that is
 * too large or of another type, and queries that do not fit. As far as the operation documents it.
 */
export function refusalCases(
  api: Pick<Conformance, 'faults'>,
  operation: DocumentedOperation,
  good: GoodRequest,
): RefusalCase[] {
  const slugs = new Set(operation.answers.flatMap((answer) => answer.slugs));
  const all = [
    ...nobody(operation, good),
    ...wrongBodies(api, operation, good),
    ...wrongQueries(api, operation, good),
    ...wrongForms(operation, good),
  ];
  return all.filter(({ slug }) => slugs.has(slug));
}

/** Methods that a path is not documented for: 405, naming those that it is. */
export function wrongMethods(
  operations: readonly DocumentedOperation[],
): { method: string; path: string; allowed: string[] }[] {
  const byPath = Map.groupBy(operations, ({ path }) => path);
  return [...byPath].flatMap(([path, own]) => {
    const allowed = own.map(({ method }) => method).sort();
    return ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']
      .filter((method) => !allowed.includes(method))
      .map((method) => ({ method, path, allowed }));
  });
}

function textOf({ body }: GoodRequest, type: string): string | undefined {
  if (body === undefined) return undefined;
  if (type !== form) return JSON.stringify(body);
  return new URLSearchParams(z.record(z.string(), z.string()).parse(body)).toString();
}

const typeOf = ({ body }: DocumentedOperation) => Object.keys(body?.content ?? {})[0] ?? '';

type Make = Partial<RefusalCase> & Pick<RefusalCase, 'title' | 'slug'>;

function makerOf(operation: DocumentedOperation, good: GoodRequest) {
  const type = typeOf(operation);
  const text = textOf(good, type);
  return (made: Make): RefusalCase => ({
    method: operation.method,
    target: good.target,
    headers: type === '' ? good.headers : { 'content-type': type, ...good.headers },
    ...(text === undefined ? {} : { text }),
    ...made,
  });
}

function nobody(operation: DocumentedOperation, good: GoodRequest): RefusalCase[] {
  if (!operation.isGuarded) return [];
  const make = makerOf(operation, good);
  const {
    authorization: _,
    cookie: __,
    dpop: ___,
    ...headers
  } = make({
    title: '',
    slug: 'unauthorized',
  }).headers;
  return [make({ title: 'without credentials', headers, slug: 'unauthorized' })];
}

function wrongForms(operation: DocumentedOperation, good: GoodRequest): RefusalCase[] {
  if (operation.method === 'GET') return [];
  const make = makerOf(operation, good);
  const text = 'x'.repeat(bodyBytesMax + 1);
  const large = make({ title: 'with a body of 64 KiB and one', text, slug: 'payload-too-large' });
  if (operation.body === null) return [large];
  const headers = { ...good.headers, 'content-type': 'text/plain' };
  return [
    large,
    make({ title: 'with a body of another type', headers, slug: 'unsupported-media-type' }),
  ];
}

function wrongBodies(
  { faults }: Pick<Conformance, 'faults'>,
  operation: DocumentedOperation,
  good: GoodRequest,
): RefusalCase[] {
  const type = typeOf(operation);
  const schema = operation.body?.content[type]?.schema;
  if (type !== 'application/json' || schema === undefined) return [];
  const make = makerOf(operation, good);
  const slug = 'invalid-request' as const;
  const texts = ['{', '{"a":1', 'undefined', ...(operation.body?.required ? [''] : [])];
  const bodies = [[], 'text', 7, null, ...changed(schema, good.body ?? {})];
  return [
    ...texts.map((text) => make({ title: `with the body ${JSON.stringify(text)}`, text, slug })),
    ...bodies
      .filter((body) => typeof body !== 'object' || faults(schema, body).length > 0)
      .map((body) => JSON.stringify(body))
      .map((text) => make({ title: `with the body ${text.slice(0, 150)}`, text, slug })),
  ];
}

const object = z.record(z.string(), z.unknown());
const schemaShape = z.looseObject({
  properties: z.record(z.string(), object).default({}),
  items: object.optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  maxLength: z.number().optional(),
  maxItems: z.number().optional(),
});

/** The value with one thing changed, in each way that might not fit; what does fit is left out later. */
function changed(schema: Schema, value: unknown): unknown[] {
  const said = schemaShape.safeParse(schema).data;
  const limits = said === undefined ? [] : beyond(said);
  const wrong = [{ wrong: true }, [], 'wrong \u0007', -1.5, true, null, ...limits];
  if (Array.isArray(value)) {
    const [first] = value;
    const inner = changed(said?.items ?? {}, first).map((item) => [item]);
    const many = said?.maxItems === undefined ? [] : [Array(said.maxItems + 1).fill(first)];
    return [...wrong, ...inner, ...many];
  }
  const fields = object.safeParse(value).data;
  if (fields === undefined) return wrong;
  const known = {
    ...fields,
    ...Object.fromEntries(propertiesOf(schema).map(([name]) => [name, fields[name]])),
  };
  const changes = Object.keys(known).flatMap((name) => {
    const { [name]: own, ...without } = fields;
    const property = propertiesOf(schema).find(([it]) => it === name)?.[1] ?? {};
    const changedOnes = changed(property, own).map((it) => ({ ...fields, [name]: it }));
    return [without, ...changedOnes];
  });
  return [...changes, { ...fields, unknownField: 1 }];
}

/** Of all kinds that it may be of. */
function propertiesOf(schema: Schema): [string, Json][] {
  const whole = object.safeParse(schema).data ?? {};
  const kinds = z.array(object).safeParse(whole.oneOf ?? whole.anyOf).data ?? [];
  return [whole, ...kinds].flatMap((kind) =>
    Object.entries(schemaShape.safeParse(kind).data?.properties ?? {}),
  );
}

function beyond({ minimum, maximum, maxLength }: z.infer<typeof schemaShape>): unknown[] {
  return [
    ...(minimum === undefined ? [] : [minimum - 1]),
    ...(maximum === undefined ? [] : [maximum + 1]),
    ...(maxLength === undefined ? [] : ['x'.repeat(maxLength + 1)]),
  ];
}

function wrongQueries(
  { faults }: Pick<Conformance, 'faults'>,
  operation: DocumentedOperation,
  good: GoodRequest,
): RefusalCase[] {
  const make = makerOf(operation, good);
  const queries = operation.parameters.filter((it) => it.in === 'query');
  return queries.flatMap(({ name, schema }) =>
    ['', '-1', '1.5', 'nonsense', '99999999', 'x'.repeat(300)]
      .filter((value) => faults(schema, value).length > 0)
      .map((value) => {
        const target = `${good.target.split('?')[0]}?${name}=${value}`;
        const title = `with ${name}=${value.slice(0, 20)}`;
        return make({ title, target, slug: 'invalid-request' });
      }),
  );
}
