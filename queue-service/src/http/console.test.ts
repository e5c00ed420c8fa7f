import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildConsole } from '../../../scripts/console/build.ts';
import { type Service, testService } from '../../test/fixture.ts';

/** What a page and all that it needs may weigh. */
const bytesMax = 150 * 1_024;

let service: Service;
beforeAll(async () => {
  await buildConsole();
  service = await testService(afterAll);
}, 120_000);

const get = (path: string, headers: Record<string, string> = {}) =>
  service.api.request(path, { headers });

async function assets(): Promise<string[]> {
  const html = await (await get('/console')).text();
  return [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, file]) => file ?? '');
}

it('every address of the console is its page, which is never stored', async () => {
  for (const path of ['/console', '/console/', '/console/sales/sale_x/summary']) {
    const page = await get(path);
    expect([path, page.status]).toEqual([path, 200]);
    expect(page.headers.get('cache-control')).toBe('no-store');
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(await page.text()).toContain('id="console"');
  }
});

it('its files are kept for good, and asks for none from elsewhere', async () => {
  const files = await assets();
  expect(files.length).toBeGreaterThan(1);
  for (const file of files) {
    expect(file).toMatch(/^\/console\/assets\/[\w-]+\.(js|css|svg)$/);
    const answer = await get(file);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('cache-control')).toContain('immutable');
  }
  expect((await get('/console/assets/none.js')).status).toBe(404);
});

it('all of it takes less than 150 KB on the way', async () => {
  const sizes = await Promise.all(
    ['/console', ...(await assets())].map(async (path) => {
      const answer = await get(path, { 'accept-encoding': 'gzip' });
      expect(answer.headers.get('content-encoding')).toBe('gzip');
      return (await answer.arrayBuffer()).byteLength;
    }),
  );
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(bytesMax);
});

it('the compressed forms hold the same', async () => {
  const [script = ''] = (await assets()).filter((file) => file.endsWith('.js'));
  const plain = await (await get(script)).text();
  for (const [encoding, format] of [
    ['gzip', 'gzip'],
    ['br', 'brotli'],
  ] as const) {
    const answer = await get(script, { 'accept-encoding': encoding });
    expect(answer.headers.get('content-encoding')).toBe(encoding);
    if (format === 'brotli') continue;
    const unpacked = answer.body!.pipeThrough(new DecompressionStream(format));
    expect(await new Response(unpacked).text()).toBe(plain);
  }
});
