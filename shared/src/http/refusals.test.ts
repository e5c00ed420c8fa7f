import { Hono } from 'hono';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Problem, problemResponse } from '../problem.ts';
import { bodyBytesMax, jsonBody, limitBody, optionalJsonBody } from './body.ts';
import { ownOriginByCookie } from './origin.ts';
import { notFoundOrMethod, onProblem } from './refusals.ts';
import { type RequestVariables, requestId } from './request-id.ts';

const faults: unknown[] = [];
const app = new Hono<{ Variables: RequestVariables }>();
app.use(requestId());
app.onError(onProblem((fault) => faults.push(fault.error)));
app.notFound(notFoundOrMethod(app));
const schema = z.strictObject({ count: z.int().min(1), name: z.string() });
app.post('/things', async (c) => c.json(await jsonBody(c, schema), 201));
app.post('/maybe', async (c) => c.json(await optionalJsonBody(c, z.strictObject({}))));
app.use('/unread', limitBody());
app.on(['GET', 'POST', 'DELETE'], '/unread', (c) => c.text('ok'));
app.get('/things/:id', (c) => c.text(c.req.param('id')));
app.get('/fault', () => {
  throw new Error('the password is hunter2');
});
app.get('/busy', () => {
  throw new Problem('unavailable', { detail: 'Later.', retryAfterSeconds: 7 });
});
app.use('/own', ownOriginByCookie(['https://shop.example']));
app.post('/own', (c) => c.text('ok'));

const post = (body: string | Uint8Array, type = 'application/json') =>
  app.request('/things', { method: 'POST', body, headers: { 'content-type': type } });

describe('bad input', () => {
  it('is told in full: every mistake with its path', async () => {
    const response = await post('{"count":0,"more":1}');
    expect(response.status).toBe(400);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    const problem = (await response.json()) as { type: string; errors: { path: string }[] };
    expect(problem.type).toBe('urn:fairgate:problem:invalid-request');
    expect(problem.errors.map((error) => error.path).sort()).toEqual(['', 'count', 'name']);
  });

  it.each([
    ['{"count":1,"name":"\\ud800"}', 'name'],
    ['{"count":1,"name":"a\\u0000b"}', 'name'],
    ['{"count":1,"name":"a","more":[{"at":"\\udc00x"}]}', 'more.0.at'],
    ['{"count":1,"name":"a","k\\u0000":1}', 'k'],
    ['{"count":1,"name":"a","\\ud800":1}', '\ufffd'],
  ])('text that no store can hold: %s', async (body, path) => {
    const response = await post(body);
    expect(response.status).toBe(400);
    const { errors } = (await response.json()) as { errors: { path: string }[] };
    expect(errors.map((error) => error.path)).toContain(path);
  });

  it('may hold whole surrogate pairs, and be nested as deep as it is long', async () => {
    expect((await post('{"count":1,"name":"\\ud83d\\ude00"}')).status).toBe(201);
    const depth = bodyBytesMax / 2 - 100;
    const nested = `{"name":${'['.repeat(depth)}"\\ud800"${']'.repeat(depth)}}`;
    expect((await post(nested)).status).toBe(400);
  });

  it.each([
    ['no JSON', 'nonsense', 'application/json', 400],
    ['another type', '{"count":1,"name":"a"}', 'text/plain', 415],
    ['a type in capitals', '{"count":1,"name":"a"}', 'Application/JSON; charset=utf-8', 201],
    ['too large a body', `"${'x'.repeat(bodyBytesMax)}"`, 'application/json', 413],
  ])('%s', async (_, body, type, status) => {
    expect((await post(body, type)).status).toBe(status);
  });

  it('is cut off at the limit where the length is not announced', async () => {
    let sent = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += 1;
        controller.enqueue(new Uint8Array(16 * 1_024));
      },
    });
    const request = new Request('http://test/things', {
      method: 'POST',
      body: endless,
      duplex: 'half',
      headers: { 'content-type': 'application/json' },
    } as RequestInit);
    expect((await app.request(request)).status).toBe(413);
    expect(sent).toBeLessThan(10);
  });

  it.each([
    ['POST', bodyBytesMax + 1, 413],
    ['DELETE', bodyBytesMax + 1, 413],
    ['POST', bodyBytesMax, 200],
    ['GET', bodyBytesMax + 1, 200],
  ])('that nobody reads: %s of %i bytes', async (method, bytes, status) => {
    const headers = { 'content-length': String(bytes) };
    const response = await app.request('/unread', { method, headers });
    expect(response.status).toBe(status);
    expect(response.headers.get('x-request-id')).not.toBeNull();
  });

  it('may be no body at all where every field is optional', async () => {
    expect((await app.request('/maybe', { method: 'POST' })).status).toBe(200);
  });
});

describe('every answer', () => {
  it('has a request id: the client’s where it is well formed, ours otherwise', async () => {
    const idOf = async (id: string) => {
      const response = await app.request('/things/1', { headers: { 'x-request-id': id } });
      return response.headers.get('x-request-id');
    };
    expect(await idOf('shop-12345678')).toBe('shop-12345678');
    expect(await idOf('<script>')).toMatch(/^req_/);
    expect((await app.request('/nowhere')).headers.get('x-request-id')).toMatch(/^req_/);
  });

  it('tells an unknown address from a wrong method, and names the right ones', async () => {
    expect((await app.request('/nowhere')).status).toBe(404);
    const response = await app.request('/things/1', { method: 'DELETE' });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('GET');
  });

  it('shows nothing of what went wrong inside', async () => {
    const response = await app.request('/fault');
    expect(response.status).toBe(503);
    expect(await response.text()).not.toContain('hunter2');
    expect(response.headers.get('retry-after')).not.toBeNull();
    expect(String(faults.at(-1))).toContain('hunter2');
  });

  it('says when to come back on 429 and 503', async () => {
    expect((await app.request('/busy')).headers.get('retry-after')).toBe('7');
    expect(problemResponse('rate-limited', { detail: '' }).headers.get('retry-after')).toBe('2');
    expect(problemResponse('conflict', { detail: '' }).headers.get('retry-after')).toBeNull();
  });
});

describe('where cookies count', () => {
  it.each([
    ['no Origin', {}, 200],
    ['our own', { origin: 'https://shop.example' }, 200],
    ['another', { origin: 'https://evil.example' }, 403],
    ['null', { origin: 'null' }, 403],
    [
      'another, with an Authorization,',
      { origin: 'https://evil.example', authorization: 'x' },
      200,
    ],
  ])('a change from %s origin', async (_, headers, status) => {
    expect((await app.request('/own', { method: 'POST', headers })).status).toBe(status);
  });
});
