import { z } from 'zod';

export type Json = Record<string, unknown>;

/** A JSON schema, which may refer to the components of its document. */
export type Schema = Json | boolean;

export type DocumentedParameter = {
  name: string;
  in: 'path' | 'query' | 'header' | 'cookie';
  required: boolean;
  schema: Schema;
};

export type DocumentedHeader = { required: boolean; schema: Schema };

/** `slugs`: the problems that the answer may be; empty where it is no problem document. */
export type DocumentedAnswer = {
  status: number;
  content: Record<string, { schema?: Schema; itemSchema?: Schema }>;
  headers: Record<string, DocumentedHeader>;
  slugs: string[];
};

export type DocumentedOperation = {
  /** `GET /v1/sales/{id}`. */
  name: string;
  method: string;
  path: string;
  parameters: DocumentedParameter[];
  body: { required: boolean; content: Record<string, { schema?: Schema }> } | null;
  /** Whether nobody may ask without credentials. */
  isGuarded: boolean;
  answers: DocumentedAnswer[];
};

export type ApiDocument = {
  json: Json;
  operations: DocumentedOperation[];
  /** Follows `$ref`s to what they name. Throws where there is nothing. */
  resolve(node: unknown): unknown;
};

export const httpMethods = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'];
const problemType = 'urn:fairgate:problem:';

const anyObject = z.record(z.string(), z.unknown());
const schemaShape = z.union([z.boolean(), anyObject]);
const mediaShape = z
  .looseObject({ schema: schemaShape.optional(), 'x-item-schema': schemaShape.optional() })
  .transform(({ schema, 'x-item-schema': itemSchema }) => ({
    ...(schema === undefined ? {} : { schema }),
    ...(itemSchema === undefined ? {} : { itemSchema }),
  }));
const contentShape = z.record(z.string(), mediaShape);
const headerShape = z.looseObject({ required: z.boolean().default(false), schema: schemaShape });
const parameterShape = z.looseObject({
  name: z.string(),
  in: z.enum(['path', 'query', 'header', 'cookie']),
  required: z.boolean().default(false),
  schema: schemaShape,
});
const bodyShape = z.looseObject({ required: z.boolean().default(false), content: contentShape });
const answerShape = z.looseObject({
  content: contentShape.default({}),
  headers: anyObject.default({}),
});
const operationShape = z.looseObject({
  parameters: z.array(z.unknown()).default([]),
  requestBody: z.unknown().optional(),
  security: z.array(anyObject).optional(),
  responses: anyObject,
});
const documentShape = z.looseObject({
  paths: z.record(z.string(), anyObject),
  security: z.array(anyObject).default([]),
});

/** What an OpenAPI 3.1 document says, its references followed. Throws where it cannot be read. */
export function readDocument(document: unknown): ApiDocument {
  // As it goes over the wire: without what is undefined.
  const json = anyObject.parse(JSON.parse(JSON.stringify(document)));
  const { paths, security } = documentShape.parse(json);
  const resolve = (node: unknown) => resolveIn(json, node);
  const operations = Object.entries(paths).flatMap(([path, item]) =>
    httpMethods
      .filter((method) => item[method] !== undefined)
      .map((method) => readOperation({ path, method, item, security, resolve })),
  );
  return { json, operations, resolve };
}

type Resolve = (node: unknown) => unknown;
type Found = { path: string; method: string; item: Json; security: Json[]; resolve: Resolve };

function readOperation({ path, method, item, security, resolve }: Found): DocumentedOperation {
  const operation = operationShape.parse(item[method]);
  const shared = z.array(z.unknown()).default([]).parse(item.parameters);
  const who = operation.security ?? security;
  const parameters = [...shared, ...operation.parameters];
  return {
    name: `${method.toUpperCase()} ${path}`,
    method: method.toUpperCase(),
    path,
    parameters: parameters.map((it) => parameterShape.parse(resolve(it))),
    body: bodyShape.nullable().parse(resolve(operation.requestBody) ?? null),
    isGuarded: who.length > 0 && who.every((it) => Object.keys(it).length > 0),
    answers: Object.entries(operation.responses).map(([status, answer]) =>
      readAnswer(status, answer, resolve),
    ),
  };
}

function readAnswer(status: string, answer: unknown, resolve: Resolve): DocumentedAnswer {
  const { content, headers } = answerShape.parse(resolve(answer));
  const named = Object.entries(headers).map(([name, header]) => {
    const { required, schema } = headerShape.parse(resolve(header));
    return [name.toLowerCase(), { required, schema }];
  });
  return {
    status: Number(status),
    content,
    headers: Object.fromEntries(named),
    slugs: slugsOf(content['application/problem+json']?.schema, resolve) ?? [],
  };
}

/** The narrowest list that `type` is held to, by the schema itself or any that it builds on. */
function slugsOf(schema: unknown, resolve: Resolve): string[] | null {
  const whole = anyObject.safeParse(resolve(schema)).data;
  if (whole === undefined) return null;
  const type = anyObject.safeParse(anyObject.safeParse(whole.properties).data?.type).data;
  const values = type?.enum ?? (type?.const === undefined ? undefined : [type.const]);
  const own = z.array(z.string()).safeParse(values).data;
  const parts = z.array(z.unknown()).safeParse(whole.allOf).data ?? [];
  const lists = [own ?? null, ...parts.map((part) => slugsOf(part, resolve))];
  const narrowest = lists
    .filter((list) => list !== null)
    .reduce<string[] | null>((a, b) => (a && a.length < b.length ? a : b), null);
  return narrowest?.map((urn) => urn.replace(problemType, '')) ?? null;
}

function resolveIn(json: Json, node: unknown): unknown {
  const ref = anyObject.safeParse(node).data?.$ref;
  if (typeof ref !== 'string') return node;
  return resolveIn(json, pointed(json, ref));
}

/** What `#/a/b` names in the document. Throws where there is nothing (RFC 6901). */
export function pointed(json: Json, ref: string): unknown {
  const names = ref.split('/').slice(1);
  const found = names.reduce<unknown>((at, name) => {
    const key = decodeURIComponent(name).replaceAll('~1', '/').replaceAll('~0', '~');
    return typeof at === 'object' && at !== null ? Reflect.get(at, key) : undefined;
  }, json);
  if (!ref.startsWith('#/') || found === undefined) throw new Error(`${ref} names nothing`);
  return found;
}

/** A path's form, whatever its parameters are called: `/v1/sales/{}`. */
export function pathForm(path: string): string {
  return path.replaceAll(/\{[^}]*\}|:\w+(\{[^}]*\})?/g, '{}');
}
