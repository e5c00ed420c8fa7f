import { expect, test } from 'vitest';
import { importViolations } from './imports.ts';
import { sourceFiles } from './source-files.ts';

/** The rules that an import from this file breaks. */
function broken(file: string, ...specifiers: string[]): string[] {
  const source = specifiers.map((specifier) => `import { x } from '${specifier}';`).join('\n');
  return importViolations(file, source).map((violation) => violation.rule);
}

const domain = 'domain imports nothing but @fairgate/shared and its own folder';
const wires = 'only main.ts and index.ts wire adapters';

test('the whole repository keeps the rules', () => {
  const files = sourceFiles(['.ts', '.tsx', '.mjs']);
  expect(files.length).toBeGreaterThan(10);
  expect(files.flatMap(({ path, text }) => importViolations(path, text))).toEqual([]);
});

test('the console has types alone of what runs in the service', () => {
  const file = 'queue-service/src/console/api/client.ts';
  const rule = 'the console has types alone of what runs in the service';
  const types = "import type * as view from '../../http/views.ts';";
  expect(importViolations(file, types)).toEqual([]);
  expect(broken(file, '../../http/views.ts', '@fairgate/shared/sale.ts')).toEqual([rule, rule]);
  expect(broken(file, '../parts/words.ts', '../route.tsx', 'preact')).toEqual([]);
  expect(broken(file, '@fairgate/shared/words/de.json')).toEqual([]);
  expect(broken(file, '@fairgate/shared/appearance/rules.ts')).toEqual([rule]);
});

test.each([
  'zod',
  'node:fs',
  'node:crypto',
  'hono/jsx',
  '../app/redeem.ts',
  '../adapters/orders.ts',
  '../config.ts',
])('domain may not import %s', (specifier) => {
  expect(broken('checkout-service/src/domain/order.ts', specifier)).toContain(domain);
});

test('domain may import shared and itself', () => {
  const specifiers = ['@fairgate/shared/order.ts', './stock.ts', '../domain/stock.ts'];
  expect(broken('checkout-service/src/domain/order.ts', ...specifiers)).toEqual([]);
  expect(broken('queue-service/src/domain/rules/a.ts', '../sale.ts')).toEqual([]);
});

test.each([
  ...['ioredis', 'postgres', 'drizzle-orm', 'drizzle-orm/postgres-js', 'bullmq', 'nodemailer'],
  ...['hono', 'hono/cookie', '@hono/node-server', 'node:fs', 'node:fs/promises', 'fs', 'node:net'],
  'node:http',
])('app may not import %s', (library) => {
  const file = 'queue-service/src/app/sales.ts';
  expect(broken(file, library)).toEqual(['app imports no library of I/O']);
});

test.each(['adapters', 'http', 'pages', 'console'])('app may not import %s', (layer) => {
  const rule = 'app imports no adapter, route or page';
  expect(broken('queue-service/src/app/sales.ts', `../${layer}/x.ts`)).toContain(rule);
});

test('app may import domain, shared, and what does no I/O', () => {
  const specifiers = ['../domain/sale.ts', '@fairgate/shared/sale.ts', 'zod', 'node:crypto'];
  expect(broken('queue-service/src/app/sales.ts', ...specifiers)).toEqual([]);
});

test('http may not import an adapter', () => {
  const rules = broken('checkout-service/src/http/orders.ts', '../adapters/orders.ts');
  expect(rules).toEqual(['http imports no adapter', wires]);
});

test('only main.ts and index.ts may import adapters', () => {
  expect(broken('queue-service/src/jobs/mail.ts', '../adapters/mail.ts')).toEqual([wires]);
  expect(broken('queue-service/src/main.ts', './adapters/mail.ts')).toEqual([]);
  expect(broken('edge-worker/src/index.ts', './adapters/cache.ts')).toEqual([]);
  expect(broken('checkout-service/src/adapters/a.ts', './b.ts', '../adapters/c.ts')).toEqual([]);
});

test('the gateway is of the edge alone', () => {
  const rule = 'gateway exists only at the edge';
  expect(broken('queue-service/src/http/a.ts', '../gateway/b.ts')).toContain(rule);
  expect(broken('checkout-service/src/gateway/a.ts', 'ioredis')).toContain(rule);
  expect(broken('edge-worker/src/index.ts', './gateway/gateway.ts')).toEqual([]);
});

test.each([
  '@fairgate/checkout-service/domain/order.ts',
  '../../../checkout-service/src/domain/order.ts',
])('a service may not import a service as %s, nor may its tests', (specifier) => {
  const rule = 'a service never imports a service';
  expect(broken('queue-service/src/adapters/a.ts', specifier)).toContain(rule);
  expect(broken('queue-service/src/adapters/a.test.ts', specifier)).toContain(rule);
});

test('shared may not import a service', () => {
  const rule = 'shared never imports a service';
  expect(broken('shared/src/room/keys.ts', '@fairgate/edge-worker/index.ts')).toEqual([rule]);
  expect(broken('shared/src/room/keys.ts', '../../../queue-service/src/main.ts')).toEqual([rule]);
});

test('e2e may not reach into a service', () => {
  const rule = 'e2e never reaches into a service';
  expect(broken('e2e/line.test.ts', '../edge-worker/src/domain/line.ts')).toEqual([rule]);
  expect(broken('e2e/line.test.ts', './support/stores.ts', '@fairgate/shared/sale.ts')).toEqual([]);
});

test('what is served may not import scripts, but its tests may', () => {
  const specifier = '../../../e2e/support/stores.ts';
  expect(broken('shared/src/db/connect.ts', specifier)).toHaveLength(1);
  expect(broken('shared/src/db/connect.test.ts', specifier)).toEqual([]);
});

test('shared is imported by its name', () => {
  const rule = 'another workspace is imported by its name';
  expect(broken('edge-worker/src/http/a.ts', '../../../shared/src/sale.ts')).toEqual([rule]);
});

test.each([
  'const port = process.env.PORT;',
  "const port = process['env'].PORT;",
  "import { env } from 'node:process';",
  "import { env } from 'cloudflare:workers';",
])('only config.ts may read the environment: %s', (source) => {
  const rules = (file: string) => importViolations(file, source).map(({ rule }) => rule);
  const rule = 'only config.ts reads the environment';
  expect(rules('queue-service/src/adapters/redis.ts')).toContain(rule);
  expect(rules('queue-service/src/config.ts')).not.toContain(rule);
  expect(rules('queue-service/src/adapters/redis.test.ts')).not.toContain(rule);
  expect(rules('scripts/stack/main.ts')).not.toContain(rule);
});

test('main.ts may hand the environment to config.ts, and not look at it', () => {
  const violations = (source: string) => importViolations('queue-service/src/main.ts', source);
  expect(violations('await start(parseConfig(process.env));')).toEqual([]);
  expect(violations('await start(process.env.PORT);')).toHaveLength(1);
});

test('what a workspace keeps in test/ or src/testing/ may reach where its tests may', () => {
  const reaches = ['../src/adapters/redis.ts', '../../e2e/support/stores.ts'];
  expect(broken('queue-service/test/fixture.ts', ...reaches)).toEqual([]);
  expect(broken('queue-service/src/testing/fixture.ts', ...reaches.slice(0, 1))).toEqual([]);
});

test('every form of import counts, comments do not, and the line is told', () => {
  const source = [
    '// import { a } from "hono";',
    "/* import { b } from 'hono'; */",
    'import {',
    '  c,',
    "} from 'hono';",
    "import type { D } from 'ioredis';",
    "import 'bullmq';",
    "export { e } from 'postgres';",
    "const f = await import('node:fs');",
    "const url = 'http://localhost'; // require('pg')",
  ].join('\n');
  const found = importViolations('queue-service/src/app/a.ts', source);
  const byLine = found.map(({ line, detail }) => [line, detail]).sort();
  expect(byLine).toEqual([
    [3, 'hono'],
    [6, 'ioredis'],
    [7, 'bullmq'],
    [8, 'postgres'],
    [9, 'node:fs'],
  ]);
});
