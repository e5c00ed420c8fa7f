import { createHash } from 'node:crypto';
import { jsonBody, optionalJsonBody, parseInput } from '@fairgate/shared/http/body.ts';
import type { RequestVariables } from '@fairgate/shared/http/request-id.ts';
import { type IdPrefix, isId } from '@fairgate/shared/ids.ts';
import { Problem, type ProblemSlug } from '@fairgate/shared/problem.ts';
import type { Context, Hono } from 'hono';
import type { z } from 'zod';
import type { Caller, Once } from '../app/caller.ts';
import { withDeadline } from '../app/deadline.ts';
import type { Precondition } from '../app/precondition.ts';
import type { ApiRole } from '../domain/roles.ts';
import type { Authenticate } from './auth.ts';
import { precondition } from './etag.ts';

/** What a call is and takes: both its route and its entry in the OpenAPI document. */
export type Endpoint<Body = undefined, Query = undefined> = {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** As in OpenAPI: `/v1/sales/{id}`. */
  path: string;
  /** Ids of another form than this are not looked up: 404. */
  idPrefix?: IdPrefix;
  role: ApiRole;
  summary: string;
  /** What it may be refused for besides what follows from the rest: 409 and its like, in words. */
  refusals?: Partial<Record<ProblemSlug, string>>;
  /** It heeds `If-Match`. */
  ifMatch?: boolean;
  /** It makes something, and heeds `Idempotency-Key`. */
  once?: boolean;
  body?: z.ZodType<Body>;
  /** No body counts as `{}`. */
  bodyOptional?: boolean;
  /** A body that the handler reads as a stream: `bodyBytes` with this limit. */
  upload?: { type: string; bytesMax: number };
  query?: z.ZodType<Query>;
  status: 200 | 201 | 204;
  /** None where there is no body, or it is a stream. */
  answer?: z.ZodType;
  /** Content types of the answer besides JSON. */
  alsoTypes?: string[];
  /** How long the answer may take; two minutes unless it says otherwise. */
  answerMs?: number;
};

export type ApiVariables = RequestVariables & { caller: Caller };
export type Api = Hono<{ Variables: ApiVariables }>;
export type ApiContext = Context<{ Variables: ApiVariables }>;

export type Call<Body, Query> = {
  c: ApiContext;
  caller: Caller;
  /** The `{id}` of the path; empty where it has none. */
  id: string;
  body: Body;
  query: Query;
  /** Of `If-Match`. */
  expected: Precondition;
};

/** A million units take the longest; a query may never end (ADR 0025: several servers). */
const answerMs = 120_000;

/** Registers an endpoint: key → role → id → query → body → conditions → handler. */
export function serve<Body, Query>(
  api: Api,
  authenticate: Authenticate,
  endpoint: Endpoint<Body, Query>,
  handle: (call: Call<Body, Query>) => Promise<Response>,
): void {
  const path = endpoint.path.replaceAll(/\{(\w+)\}/g, ':$1');
  api.on(endpoint.method, path, async (c) => {
    const caller = await authenticate(c, endpoint.role);
    const id = c.req.param('id') ?? '';
    if (endpoint.idPrefix !== undefined && !isId(endpoint.idPrefix, id)) {
      throw new Problem('not-found', 'There is nothing with that id.');
    }
    // A stream that nobody reads would never end.
    const [streamed] = endpoint.alsoTypes ?? [];
    if (c.req.raw.method === 'HEAD' && streamed !== undefined) {
      return c.body(null, 200, { 'content-type': streamed });
    }
    const query = readQuery(c, endpoint);
    const body = await readBody(c, endpoint);
    const expected = precondition(c.req.header('if-match'));
    if (expected !== null && endpoint.ifMatch !== true && endpoint.method !== 'GET') {
      // Nothing is changed on a condition that nobody looks at.
      throw new Problem('precondition-failed', 'This call has no version to compare: no If-Match.');
    }
    const once = endpoint.once === true ? onceOf(c, body) : null;
    const call = { c, caller: { ...caller, once }, id, body, query, expected };
    const answer = await withDeadline(endpoint.answerMs ?? answerMs, handle(call));
    if (once?.replayed === true) answer.headers.set('idempotent-replayed', 'true');
    return answer;
  });
}

const onceKeyForm = /^[\x21-\x7e]{1,255}$/;

/** The key of a creating call, and what it stands for. */
function onceOf(c: ApiContext, body: unknown): Once | null {
  const key = c.req.header('idempotency-key');
  if (key === undefined) return null;
  if (!onceKeyForm.test(key)) {
    const message = 'is not 1 to 255 printable characters';
    const errors = [{ path: 'Idempotency-Key', message }];
    throw new Problem('invalid-request', { detail: 'Some of the input is not valid.', errors });
  }
  const request = `${c.req.method} ${c.req.path}\n${JSON.stringify(body)}`;
  return { key, digest: createHash('sha256').update(request).digest('hex'), replayed: false };
}

/** Where the endpoint has no schema, the type parameter is `undefined`, and so is the value. */
function readQuery<Q>(c: ApiContext, { query }: { query?: z.ZodType<Q> }): Q {
  return query === undefined ? (undefined as Q) : parseInput(query, c.req.query());
}

type BodyRule<B> = { body?: z.ZodType<B>; bodyOptional?: boolean };

/** As `readQuery`. */
async function readBody<B>(c: ApiContext, { body, bodyOptional }: BodyRule<B>): Promise<B> {
  if (body === undefined) return undefined as B;
  return await (bodyOptional ? optionalJsonBody(c, body) : jsonBody(c, body));
}
