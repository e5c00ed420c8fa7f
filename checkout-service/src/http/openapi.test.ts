import { expect, it } from 'vitest';
import { checkoutApp } from './app.ts';
import type { HttpDeps } from './deps.ts';
import { openapiDocument } from './openapi.ts';

const { paths, tags } = openapiDocument('https://shop.example');
const operations = Object.entries(paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({
    name: `${method.toUpperCase()} ${path}`,
    path,
    operation,
  })),
);

/** Pages for people, and the description itself. */
const isApi = (path: string) => !/^\/(checkout|docs$|openapi\.json$)/.test(path);

it('the description has every path that is answered, and none besides', () => {
  // Nothing is asked here, so that nothing but the origins is needed.
  const deps = { publicOrigins: ['https://shop.example'] } as unknown as HttpDeps;
  const routes = checkoutApp(deps).routes.filter(({ method }) => method !== 'ALL');
  const answered = routes
    .map(({ method, path }) => ({ method, path: path.replaceAll(/:(\w+)/g, '{$1}') }))
    .filter(({ path }) => isApi(path))
    .map(({ method, path }) => `${method} ${path}`);
  expect(answered.length).toBeGreaterThan(8);
  expect(operations.map(({ name }) => name).sort()).toEqual([...new Set(answered)].sort());
});

it.each(operations)('$name tells what may come back', ({ path, operation }) => {
  const { responses, requestBody, tags: own } = operation;
  const statuses = Object.keys(responses);
  for (const [status, { headers }] of Object.entries(responses)) {
    expect(headers).toHaveProperty('x-request-id');
    if (status === '429' || status === '503') expect(headers).toHaveProperty('Retry-After');
  }
  if (requestBody) expect(statuses).toEqual(expect.arrayContaining(['400', '413', '415']));
  // Nobody but the inside reaches these, past the balancer; all else may be too much for it.
  const isInside = /^\/(internal|metrics|readyz)/.test(path);
  expect(own?.includes('inside') ?? false).toBe(isInside);
  if (!isInside && path !== '/healthz') {
    expect(statuses).toEqual(expect.arrayContaining(['429', '503']));
  }
});

it('what every answer of a payment has is required', () => {
  expect(paths['/v1/orders/{id}/payments']?.post?.responses['202']?.content).toMatchObject({
    'application/json': { schema: { required: ['payment'] } },
  });
  expect(paths['/v1/redemptions']?.post?.responses['201']?.headers).toMatchObject({
    Location: {},
    'idempotent-replayed': {},
  });
  expect(tags.map(({ name }) => name)).toEqual(['inside']);
});
