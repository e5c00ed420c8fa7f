import { connect, createServer, type Socket } from 'node:net';
import { connectDatabase } from '@fairgate/shared/db/client.ts';
import { expect, it, onTestFinished, vi } from 'vitest';
import { freshDatabaseUrl, freshRedisUrl } from '../../e2e/support/stores.ts';
import { freePort } from '../../scripts/free-port.ts';
import { iso, pen } from '../test/fixture.ts';
import { processAdminKey as adminKey, patience, startProcess as start } from '../test/process.ts';

vi.setConfig({ testTimeout: 300_000 });

it('two instances that start at once share one database, and stop within 10 s', async () => {
  const urls = [await freshDatabaseUrl(), await freshRedisUrl()] as const;
  const both = await Promise.all([start(...urls), start(...urls)]);
  for (const { call } of both) {
    await vi.waitFor(async () => expect((await call('GET', '/readyz')).status).toBe(200), patience);
  }
  const [first, second] = both;
  const keys = await first.call('GET', '/v1/api-keys');
  expect(keys.body.items).toHaveLength(1);
  const product = await first.call('POST', '/v1/products', pen);
  const startsAt = iso(Date.now() + 1_500);
  const sale = { name: 'Pens', productIds: [product.body.id], startsAt, publish: true };
  const { id } = (await second.call('POST', '/v1/sales', sale)).body;
  await vi.waitFor(async () => {
    const { body } = await first.call('GET', `/v1/sales/${id}/room`);
    expect(body).toMatchObject({ state: 'open' });
  }, patience);
  // What follows a change waits for nobody on a connection of the API.
  await waitsForOutbox(urls[0], 'fairgate-queue-service:orders');
  const stream = await fetch(`${second.origin}/v1/sales/${id}/stream`, {
    headers: { authorization: `Bearer ${adminKey}` },
  });
  expect(stream.status).toBe(200);
  const beganMs = Date.now();
  for (const { child } of both) child.kill('SIGTERM');
  expect(await Promise.all(both.map(({ exited }) => exited))).toEqual([0, 0]);
  // What a stop of the stack may take (CONTRACT.md section 2); an instance gives up sooner, with 1.
  expect(Date.now() - beganMs).toBeLessThan(10_000);
  expect(both.map(({ output }) => output()).join()).not.toContain(adminKey);
});

/** Locks the outbox until somebody of that name waits for it. */
async function waitsForOutbox(url: string, name: string): Promise<void> {
  const options = { name: 'lock', connectionsMax: 2, statementTimeoutMs: 60_000 };
  const { sql, close } = connectDatabase({ url, ...options });
  onTestFinished(close);
  await sql.begin(async (locking) => {
    await locking`lock table outbox in access exclusive mode`;
    await vi.waitFor(async () => {
      const waiting = await sql`
        select application_name as name from pg_stat_activity
        where wait_event_type = 'Lock' and query like '%outbox%'`;
      expect(waiting).toContainEqual({ name });
    }, patience);
  });
}

it('it starts without Redis, answers, and tells the room when Redis has come', async () => {
  const redis = await aWayTo(await freshRedisUrl());
  const service = await start(await freshDatabaseUrl(), redis.url);
  await vi.waitFor(async () => {
    expect((await service.call('GET', '/readyz')).body).toMatchObject({ redis: false });
  }, patience);
  const product = await service.call('POST', '/v1/products', pen);
  const sale = { name: 'Pens', productIds: [product.body.id], startsAt: iso(Date.now()) };
  const made = await service.call('POST', '/v1/sales', { ...sale, publish: true });
  expect([made.status, made.body.state]).toEqual([201, 'open']);
  const room = `/v1/sales/${made.body.id}/room`;
  expect((await service.call('GET', room)).status).toBe(503);
  await redis.open();
  await vi.waitFor(async () => {
    expect((await service.call('GET', room)).body).toMatchObject({ state: 'open' });
  }, patience);
  await redis.cut();
  service.child.kill('SIGTERM');
  expect(await service.exited, service.output()).toBe(0);
});

it('it outlives a Postgres that goes away, and works when it is back', async () => {
  const postgres = await aWayTo(await freshDatabaseUrl());
  await postgres.open();
  const service = await start(postgres.url, await freshRedisUrl());
  const ready = () => service.call('GET', '/readyz');
  await vi.waitFor(async () => expect((await ready()).status).toBe(200), patience);
  for (let time = 0; time < 3; time += 1) {
    await postgres.cut();
    expect((await ready()).body).toMatchObject({ type: 'urn:fairgate:problem:unavailable' });
    expect((await service.call('POST', '/v1/products', pen)).status).toBe(503);
    await postgres.open();
    await vi.waitFor(async () => {
      expect((await service.call('POST', '/v1/products', pen)).status).toBe(201);
    }, patience);
  }
  service.child.kill('SIGTERM');
  expect(await service.exited, service.output()).toBe(0);
});

it('the page of jobs is for admins who are signed in, and brings all that it shows', async () => {
  const service = await start(await freshDatabaseUrl(), await freshRedisUrl());
  await vi.waitFor(async () => {
    expect((await service.call('GET', '/readyz')).status).toBe(200);
  }, patience);
  const { origin } = service;
  const operator = await service.call('POST', '/v1/api-keys', { name: 'o', role: 'operator' });
  const cookieOf = async (key: unknown) => {
    const headers = { 'content-type': 'application/json' };
    const init = { method: 'POST', headers, body: JSON.stringify({ key }) };
    const signed = await fetch(`${origin}/v1/session`, init);
    return (signed.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
  };
  const get = (path: string, cookie = '') => fetch(`${origin}${path}`, { headers: { cookie } });
  expect((await get('/console/jobs')).status).toBe(401);
  expect((await get('/console/jobs', await cookieOf(operator.body.key))).status).toBe(403);
  const admin = await cookieOf(adminKey);
  const page = await get('/console/jobs', admin);
  expect([page.status, page.headers.get('content-type')]).toEqual([
    200,
    expect.stringMatching('text/html'),
  ]);
  const html = await page.text();
  expect(html).not.toMatch(/(src|href)="?https?:/);
  const files = [...html.matchAll(/(?:src|href)="([^"#]*\.(?:js|css))"/g)].map(([, file]) => file);
  expect(files.length).toBeGreaterThan(0);
  for (const file of files) {
    const url = new URL(file ?? '', `${origin}/console/jobs/`).pathname;
    expect([url, (await get(url, admin)).status]).toEqual([url, 200]);
    expect((await get(url)).status).toBe(401);
  }
  const listed = await (await get('/console/jobs/api/queues', admin)).text();
  expect(listed).toContain('fairgate-notices');
  expect(listed).toContain('fairgate-refunds');
  expect((await get('/console/jobs/api/queues')).status).toBe(401);
  // Nobody makes up what follows from a change, nor drops it.
  const queue = `${origin}/console/jobs/api/queues/fairgate-refunds`;
  const send = async (method: string, path: string) =>
    (await fetch(`${queue}${path}`, { method, headers: { cookie: admin } })).status;
  for (const path of ['/empty', '/obliterate', '/pause', '/clean/failed', '/1/update-data']) {
    expect([path, await send('PUT', path)]).toEqual([path, 403]);
  }
  expect(await send('POST', '/add')).toBe(403);
  expect(await send('PUT', '/retry/failed')).toBe(200);
  const { body } = await service.call('GET', '/v1/audit?action=jobs.retried');
  expect(body.items).toMatchObject([{ actor: expect.stringMatching(/^key:/) }]);
});

/** An address that leads to a server while it is open, and to nothing otherwise. */
async function aWayTo(target: string) {
  const to = new URL(target);
  const url = new URL(target);
  const port = await freePort();
  url.port = String(port);
  let sockets: Socket[] = [];
  const proxy = createServer((socket) => {
    const onward = connect(Number(to.port), to.hostname);
    sockets.push(socket, onward);
    for (const end of [socket, onward]) end.on('error', () => {});
    socket.pipe(onward).pipe(socket);
  });
  const cut = async () => {
    const closed = new Promise((resolve) => proxy.close(resolve));
    for (const socket of sockets) socket.destroy();
    sockets = [];
    await closed;
  };
  onTestFinished(async () => void (await cut()));
  const open = () => new Promise<void>((resolve) => proxy.listen(port, '127.0.0.1', resolve));
  return { url: url.href, open, cut };
}
