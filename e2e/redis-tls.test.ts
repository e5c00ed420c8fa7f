import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { freePort } from '../scripts/free-port.ts';
import { publicKeys } from '../scripts/stack/secrets.ts';
import { makeCertificates } from './faults/certificates.ts';
import { type NodeProcess, nodeProcess } from './faults/node-process.ts';
import { startLivingRedis } from './faults/own-redis.ts';
import { checkoutClient } from './support/checkout-client.ts';
import { controlClient } from './support/control-client.ts';
import { edgeClient, newToken, tokenWhenAdmitted } from './support/edge-client.ts';
import { type EdgeProcess, startEdge } from './support/edge-process.ts';
import { openDoors, openSale } from './support/fixtures.ts';
import { roomsIn } from './support/rooms.ts';
import { freshDatabaseUrl, freshRedisUrl } from './support/stores.ts';
import { waitFor } from './support/wait.ts';

/** What docs/operations.md gives to the edge and to the services, word by word. */
const rights = [
  ...['reset', 'on', '~fg:*', 'resetchannels', '-@all'],
  ...['+@connection', '+@scripting', '+@read', '+@write', '-@dangerous', '+info', '+time'],
];

async function startTlsRedis() {
  const folder = mkdtempSync(join(tmpdir(), 'fairgate-tls-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const certificates = makeCertificates(folder);
  const tlsPort = await freePort();
  const files = ['--tls-cert-file', certificates.certFile, '--tls-key-file', certificates.keyFile];
  const ports = ['--tls-port', `${tlsPort}`, '--tls-auth-clients', 'no'];
  const ca = ['--tls-ca-cert-file', certificates.caFile];
  const redis = await startLivingRedis({ args: [...ports, ...files, ...ca] });
  onTestFinished(redis.stop);
  return { redis, certificates, tlsPort };
}

test('the Worker reaches Redis over TLS as a user with a password and no more rights than it needs', async () => {
  const { redis, certificates, tlsPort } = await startTlsRedis();
  const operator = new Redis(redis.url);
  onTestFinished(() => operator.disconnect());
  await operator.acl('SETUSER', 'edge', ...rights, '>p@ss,word');
  const edgeProcess = await startEdge({
    redisUrl: `rediss://edge:p%40ss%2Cword@localhost:${tlsPort}`,
    trustedCertificates: [certificates.ca],
  });
  onTestFinished(edgeProcess.stop);
  const rooms = roomsIn(redis.url);
  onTestFinished(rooms.close);
  const saleId = await rooms.open({ admitPerMinute: 60_000 });
  const edge = edgeClient(edgeProcess.url);

  const { ticket } = await edge.join(saleId);
  expect(await tokenWhenAdmitted(edge, saleId, ticket)).toBeTypeOf('string');
  expect((await edge.raw('/api/sales')).status).toBe(200);
  const { ticket: other } = await edge.join(saleId);
  await edge.leave(saleId, other);
  // In the clear nobody was there but the test itself; nothing was refused.
  expect(await operator.acl('LOG')).toEqual([]);
  expect(String(await operator.client('LIST'))).toContain('user=edge');
});

test('a Redis whose certificate nobody vouches for is no Redis: nothing is told to it', async () => {
  const { redis, tlsPort } = await startTlsRedis();
  const edgeProcess = await startEdge({ redisUrl: `rediss://:secret@localhost:${tlsPort}` });
  onTestFinished(edgeProcess.stop);
  const rooms = roomsIn(redis.url);
  onTestFinished(rooms.close);
  const saleId = await rooms.open();
  const answer = await edgeClient(edgeProcess.url).raw(`/api/sales/${saleId}/place`, {
    method: 'POST',
    json: {},
  });
  expect(answer.status).toBe(503);
  expect(answer.headers.get('retry-after')).toMatch(/^\d+$/);
});

const secret = 's'.repeat(43);
const adminKey = `fgk_${'a'.repeat(43)}`;

/** Queue service and checkout over that Redis, beside the edge whose tokens they know. */
async function startServices(edge: EdgeProcess, roomRedisUrl: string, caFile: string) {
  const shared = {
    NODE_EXTRA_CA_CERTS: caFile,
    FAIRGATE_DATABASE_URL: await freshDatabaseUrl(),
    FAIRGATE_ROOM_REDIS_URL: roomRedisUrl,
    FAIRGATE_JOBS_REDIS_URL: await freshRedisUrl(),
    FAIRGATE_PUBLIC_ORIGINS: edge.url,
    FAIRGATE_INTERNAL_KEY: secret,
    FAIRGATE_NOTICE_KEYS: JSON.stringify(edge.secrets.passKeys),
  };
  const start = async (name: string, settings: Record<string, string>): Promise<NodeProcess> => {
    const script = `${name}/src/main.ts`;
    const port = await freePort();
    const all = { ...shared, ...settings };
    const service = nodeProcess({ script, port, readyPath: '/readyz', settings: all });
    onTestFinished(service.stop);
    await service.start();
    return service;
  };
  const checkout = await start('checkout-service', {
    FAIRGATE_PURCHASE_JWKS: JSON.stringify(publicKeys(edge.secrets)),
    FAIRGATE_ORDER_KEY_SECRET: secret,
  });
  const queue = await start('queue-service', {
    FAIRGATE_SMTP_URL: 'smtp://127.0.0.1:1',
    FAIRGATE_MAIL_FROM: 'Fairgate <tickets@fairgate.example>',
    FAIRGATE_CHECKOUT_URLS: checkout.url,
    FAIRGATE_PASS_KEYS: JSON.stringify(edge.secrets.passKeys),
    FAIRGATE_WEBHOOK_KEYS: 'w'.repeat(43),
    FAIRGATE_BOOTSTRAP_ADMIN_KEY: adminKey,
  });
  return { checkout: checkoutClient(checkout.url), control: controlClient(queue.url, adminKey) };
}

test('the services reach Redis in the same way with the same rights: sales are made, drawn, let in, bought and revoked', async () => {
  const { redis, certificates, tlsPort } = await startTlsRedis();
  const operator = new Redis(redis.url);
  onTestFinished(() => operator.disconnect());
  await operator.acl('SETUSER', 'rooms', ...rights, '>p@ss,word');
  const redisUrl = `rediss://rooms:p%40ss%2Cword@localhost:${tlsPort}`;
  const edgeProcess = await startEdge({ redisUrl, trustedCertificates: [certificates.ca] });
  onTestFinished(edgeProcess.stop);
  const { checkout, control } = await startServices(edgeProcess, redisUrl, certificates.caFile);
  const edge = edgeClient(edgeProcess.url);

  const room = { ...openDoors, tokenSeconds: 5 };
  const { saleId, productId } = await openSale(control, edge, { units: 5, room });
  await checkout.redeem({ token: await newToken(edge, saleId), productId });
  await waitFor('that being told to the room', 10, async () => {
    return (await control.figures(saleId)).redeemed === 1;
  });
  // Of the two that are let in now one lets the token lapse, and the other is revoked.
  await newToken(edge, saleId);
  const { ticket } = await edge.join(saleId);
  const all = { method: 'POST', json: { all: true } };
  expect((await control.raw(`/v1/sales/${saleId}/revoke`, all)).status).toBe(200);
  await waitFor('that being known', 5, async () => {
    const { text } = await edge.raw(`/api/sales/${saleId}/place`, { bearer: ticket });
    return text.includes(':token-revoked');
  });

  const drawn = await control.createSale({
    name: 'A lottery',
    productIds: [
      await control.createProduct({ name: 'Seat', stock: 3, priceMinor: 100, currency: 'EUR' }),
    ],
    startsAt: new Date(Date.now() + 4_000).toISOString(),
    mode: 'lottery',
    publish: true,
    room: openDoors,
  });
  const entrant = await waitFor('the lobby', 4, () => edge.join(drawn));
  await tokenWhenAdmitted(edge, drawn, entrant.ticket, 30);
  await waitFor('the log being kept', 20, async () => {
    const { text } = await checkout.raw(`/api/sales/${drawn}/fairness/log`);
    return text.includes('issued');
  });
  expect(await operator.acl('LOG')).toEqual([]);
  expect(String(await operator.client('LIST'))).toContain('user=rooms');
}, 180_000);
