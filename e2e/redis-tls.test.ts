import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { freePort } from '../scripts/free-port.ts';
import { makeCertificates } from './faults/certificates.ts';
import { startLivingRedis } from './faults/own-redis.ts';
import { edgeClient, tokenWhenAdmitted } from './support/edge-client.ts';
import { startEdge } from './support/edge-process.ts';
import { roomsIn } from './support/rooms.ts';

/** What docs/operations.md gives to the edge, word by word. */
const edgeRights = [
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
  await operator.acl('SETUSER', 'edge', ...edgeRights, '>p@ss,word');
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
