import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { signingFixture } from '@fairgate/shared/middleware/signing-fixture.ts';
import { makeProof } from '@fairgate/shared/token/proof-maker.ts';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type EdgeProcess, startEdge } from './support/edge-process.ts';

let worker: EdgeProcess;
let signing: Awaited<ReturnType<typeof signingFixture>>;
let fetches = 0;
const folder = mkdtempSync(join(tmpdir(), 'fairgate-worker-'));
const server = createServer((_, response) => {
  fetches += 1;
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify(signing.keys));
});
beforeAll(async () => {
  signing = await signingFixture();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  await build({
    entryPoints: [new URL('./own-checkout/worker.ts', import.meta.url).pathname],
    outfile: join(folder, 'index.js'),
    bundle: true,
    format: 'esm',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    conditions: ['workerd', 'worker', 'import'],
    external: ['node:*'],
  });
  const jwks = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks.json`;
  const bindings = { JWKS_URL: jwks };
  worker = await startEdge({ redisUrl: 'redis://127.0.0.1:1', bundleFolder: folder, bindings });
});
afterAll(async () => {
  await worker?.stop();
  server.close();
  server.closeAllConnections();
  rmSync(folder, { recursive: true, force: true });
});

const buy = (headers: Record<string, string>) =>
  fetch(`${worker.url}/buy`, { method: 'POST', headers });

describe('the middleware on Cloudflare Workers', () => {
  test('verifies tokens, also many at a time before the keys were fetched', async () => {
    const tokens = await Promise.all(Array.from({ length: 20 }, () => signing.token()));
    const answers = await Promise.all(
      tokens.map((token) => buy({ authorization: `Bearer ${token}` })),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
    expect(fetches).toBe(1);
  });

  test('checks proofs, and takes each once', async () => {
    const token = await signing.token(signing.boundTo);
    const url = `${worker.url}/buy`;
    const dpop = makeProof(signing.shopper, { method: 'POST', url, token });
    const shown = { authorization: `DPoP ${token}`, dpop };
    expect((await buy(shown)).status).toBe(200);
    expect((await buy(shown)).status).toBe(401);
    const bare = await buy({});
    expect(bare.status).toBe(401);
    expect(bare.headers.get('content-type')).toBe('application/problem+json');
  });
});
