import { newId } from '@fairgate/shared/ids.ts';
import { type ProblemSlug, problemResponse } from '@fairgate/shared/problem.ts';
import { Hono } from 'hono';
import { expect, test } from 'vitest';
import type { EdgeEnv } from './context.ts';
import { readableAnswer } from './readable.ts';

const orderId = newId('ord');
const saleId = newId('sale');

/** What a browser without a script gets where no checkout answers, or the balancer has enough. */
async function shown(slug: ProblemSlug, method: string, path: string, more = {}) {
  const problem = () => problemResponse(slug, { detail: 'x', retryAfterSeconds: 3 });
  return await shownFor(problem, method, path, more);
}

async function shownFor(problem: () => Response, method: string, path: string, more = {}) {
  const app = new Hono<EdgeEnv>();
  app.use(async (c, next) => {
    c.set('requestId', 'req_of_the_test');
    await next();
  });
  app.all('*', async (c) => await readableAnswer(c, problem()));
  const headers = { accept: 'text/html,*/*;q=0.8', 'accept-language': 'de-AT', ...more };
  const answer = await app.request(path, { method, headers });
  return { answer, text: await answer.text() };
}

test.each([
  ['GET', `/checkout?sale=${saleId}`, `/sales/${saleId}`],
  ['GET', `/checkout/orders/${orderId}`, `/checkout/orders/${orderId}`],
  ['POST', `/checkout/orders/${orderId}/pay`, `/checkout/orders/${orderId}`],
  ['POST', `/sales/${saleId}/buy`, `/sales/${saleId}`],
])('a refused %s of %s is told in a page, with the way on', async (method, path, way) => {
  for (const slug of ['unavailable', 'rate-limited'] as const) {
    const { answer, text } = await shown(slug, method, path);
    expect(answer.status).toBe(slug === 'unavailable' ? 503 : 429);
    expect(answer.headers.get('content-type')).toContain('text/html');
    expect(answer.headers.get('retry-after')).toBe('3');
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(text).toContain('<html lang="de"');
    expect(text).toContain(`href="${way}">Erneut versuchen</a>`);
    expect(text.includes('http-equiv="refresh"')).toBe(method === 'GET');
    expect(text).not.toContain('laden Sie diese Seite neu');
  }
});

test('whoever reserves by a form is told that it may be sent again, and that nothing is lost', async () => {
  const { text } = await shown('unavailable', 'POST', '/checkout/redeem');
  expect(text).toContain('Es ist nichts verloren');
  expect(text).toContain('laden Sie diese Seite neu');
  expect(text).not.toContain('http-equiv="refresh"');
});

test('a browser that does not say where its forms come from is told what would help', async () => {
  const help = 'Schalten Sie JavaScript ein';
  const join = (more: object) => shown('forbidden', 'POST', `/sales/${saleId}/join`, more);
  expect((await join({ origin: 'null' })).text).toContain(help);
  const told = { origin: 'null', 'sec-fetch-site': 'cross-site' };
  for (const more of [told, { origin: 'https://evil.example' }]) {
    expect((await join(more)).text).not.toContain(help);
  }
  for (const slug of ['banned', 'challenge-failed'] as const) {
    const { text } = await shown(slug, 'POST', `/sales/${saleId}/join`, { origin: 'null' });
    expect(text).not.toContain(help);
  }
});

test('where programs ask, the document stays', async () => {
  const { answer } = await shown('unavailable', 'GET', `/v1/orders/${orderId}`);
  expect(answer.headers.get('content-type')).toContain('application/problem+json');
});

test.each([
  ['HEAD', null],
  ['GET', '{"type":"urn:fairgate:prob'],
  ['GET', '{"title":"of somebody else"}'],
])('a refusal of %s that holds %s goes on as it came', async (method, body) => {
  const headers = { 'content-type': 'application/problem+json' };
  const problem = () => new Response(body, { status: 404, headers });
  const { answer, text } = await shownFor(problem, method, '/checkout/%2f');
  expect(answer.status).toBe(404);
  expect(answer.headers.get('content-type')).toBe('application/problem+json');
  expect(text).toBe(body ?? '');
});
