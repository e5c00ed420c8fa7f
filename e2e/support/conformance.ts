import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { Answer } from './http.ts';
import {
  type ApiDocument,
  type DocumentedAnswer,
  type DocumentedOperation,
  pathForm,
  readDocument,
  type Schema,
} from './openapi-document.ts';

/** Holds answers against an OpenAPI 3.1 document, and keeps what was seen of it. */
export type Conformance = {
  operations: readonly DocumentedOperation[];
  /** The operation of a concrete request, by method and path (a query may follow). Throws. */
  operation(method: string, target: string): DocumentedOperation;
  /**
   * Judges an answer: its status, problem, content type, required headers and body are documented.
   * Keeps that it was seen; throws with all that is wrong.
   */
  see(method: string, target: string, answer: Answer): void;
  /** What is wrong with a value by a schema of the document; text of headers and queries as such. */
  faults(schema: Schema, value: unknown): string[];
  /** The documented answers that were not seen: `GET /v1/sales/{id} 404 not-found`, one by one. */
  missing(): string[];
};

/** Throws where the document cannot be read. */
export function conformance(document: unknown): Conformance {
  const api = readDocument(document);
  const faults = schemaJudge(api);
  const judge = answerJudge(faults);
  const seen = new Set<string>();
  const operation = (method: string, target: string) => findOperation(api, method, target);
  return {
    operations: api.operations,
    operation,
    faults,
    see(method, target, answer) {
      const { name, answers } = operation(method, target);
      const text = answer.text.slice(0, 600);
      const documented = answers.find(({ status }) => status === answer.status);
      if (documented === undefined) {
        throw new Error(`${name} answered ${answer.status}, which is not documented: ${text}`);
      }
      const wrong = judge(documented, answer);
      if (wrong.length > 0) {
        throw new Error(`${name} ${answer.status}: ${wrong.join('; ')}: ${text}`);
      }
      seen.add(`${name} ${kindOf(answer)}`);
    },
    missing() {
      const documented = api.operations.flatMap(({ name, answers }) =>
        answers.flatMap((answer) => kindsOf(answer).map((kind) => `${name} ${kind}`)),
      );
      return documented.filter((it) => !seen.has(it)).sort();
    },
  };
}

/** By a router's table: `{method: 'GET', path: '/v1/sales/:id'}`, the methods 'ALL' left out. */
export function routeDifferences(
  operations: readonly DocumentedOperation[],
  routes: readonly { method: string; path: string }[],
): { undocumented: string[]; unserved: string[] } {
  const served = routes.filter(({ method }) => method !== 'ALL').map(formOf);
  const documented = operations.map(formOf);
  return {
    undocumented: [...new Set(served)].filter((it) => !documented.includes(it)),
    unserved: documented.filter((it) => !served.includes(it)),
  };
}

const formOf = ({ method, path }: { method: string; path: string }) =>
  `${method} ${pathForm(path)}`;

/** A path without parameters goes before one with them, as routers have it. */
function findOperation({ operations }: ApiDocument, method: string, target: string) {
  const path = target.split('?')[0] ?? '';
  const fitting = operations.filter((it) => it.method === method && patternOf(it.path).test(path));
  const [best] = fitting.sort((a, b) => openParts(a) - openParts(b));
  if (best === undefined) throw new Error(`${method} ${path} is not documented`);
  return best;
}

const openParts = ({ path }: DocumentedOperation) => path.split('{').length;

function patternOf(path: string): RegExp {
  const source = path
    .split(/\{[^}]*\}/)
    .map((part) => part.replaceAll(/[.+?^$()|[\]\\*]/g, String.raw`\$&`))
    .join('[^/]+');
  return new RegExp(`^${source}$`);
}

const typeOf = (answer: Answer) =>
  (answer.headers.get('content-type') ?? '').split(';')[0]?.trim().toLowerCase() ?? '';

/** `404 not-found`, `200 application/json`, `204`. */
function kindOf(answer: Answer): string {
  const type = typeOf(answer);
  const slug = type === 'application/problem+json' ? slugIn(answer.text) : type;
  return `${answer.status} ${slug}`.trim();
}

function kindsOf({ status, content, slugs }: DocumentedAnswer): string[] {
  const types = Object.keys(content).filter((type) => type !== 'application/problem+json');
  const kinds = [...slugs, ...types];
  return kinds.length === 0 ? [`${status}`] : kinds.map((kind) => `${status} ${kind}`);
}

function slugIn(text: string): string {
  return /"type":"urn:fairgate:problem:([a-z-]+)"/.exec(text)?.[1] ?? '';
}

type Judge = (documented: DocumentedAnswer, answer: Answer) => string[];

function answerJudge(faultsOf: Conformance['faults']): Judge {
  return ({ content, headers, slugs }, answer) => {
    const faults: string[] = [];
    for (const [name, { required, schema }] of Object.entries(headers)) {
      const value = answer.headers.get(name);
      if (value === null && required) faults.push(`the header ${name} is missing`);
      if (value !== null) faults.push(...faultsOf(schema, value).map((it) => `${name}: ${it}`));
    }
    const type = typeOf(answer);
    const media = content[type];
    if (Object.keys(content).length === 0) {
      if (answer.text !== '') faults.push('there is a body, and none is documented');
      return faults;
    }
    if (media === undefined) return [...faults, `the content type "${type}" is not documented`];
    if (/[/+]json$/.test(type)) {
      const body: unknown = JSON.parse(answer.text);
      if (media.schema !== undefined) faults.push(...faultsOf(media.schema, body));
    } else if (media.schema !== undefined) faults.push(...faultsOf(media.schema, answer.text));
    const { itemSchema } = media;
    if (itemSchema !== undefined) {
      faults.push(...itemsIn(type, answer.text).flatMap((item) => faultsOf(itemSchema, item)));
    }
    if (type === 'application/problem+json') {
      const slug = slugIn(answer.text);
      if (!slugs.includes(slug)) faults.push(`the problem "${slug}" is not documented`);
    }
    return faults;
  };
}

/** Objects of a stream: one a line, or the data of each event. */
function itemsIn(type: string, text: string): unknown[] {
  const lines = text.split('\n').filter((line) => line !== '');
  if (type !== 'text/event-stream') return lines.map((line): unknown => JSON.parse(line));
  const data = lines.filter((line) => line.startsWith('data:'));
  return data.map((line): unknown => JSON.parse(line.slice('data:'.length)));
}

/** Headers are text: numbers in them are read as such. */
function schemaJudge({ json }: ApiDocument): Conformance['faults'] {
  const options = { strict: true, strictTypes: false, strictRequired: false, allErrors: true };
  const makers = [new Ajv2020(options), new Ajv2020({ ...options, coerceTypes: true })];
  for (const ajv of makers) {
    addFormats.default(ajv);
    ajv.addFormat('base64url', /^[A-Za-z0-9_-]*$/);
    ajv.addVocabulary(['components', 'example', 'discriminator', 'xml', 'externalDocs']);
  }
  const compiled = new Map<Schema, ValidateFunction[]>();
  return (schema, value) => {
    const own = typeof schema === 'boolean' ? (schema ? {} : { not: {} }) : schema;
    const judges =
      compiled.get(schema) ??
      makers.map((ajv) => ajv.compile({ ...own, components: json.components }));
    compiled.set(schema, judges);
    const judge = judges[typeof value === 'string' ? 1 : 0];
    return judge?.(value) ? [] : (judge?.errors ?? []).map(worded);
  };
}

function worded({ instancePath, message, params }: ErrorObject): string {
  return `${instancePath || 'the body'} ${message} ${JSON.stringify(params)}`;
}
