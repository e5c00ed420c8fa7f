import { createSocket } from 'node:dgram';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { makeCertificates } from '../../../e2e/faults/certificates.ts';
import { freePort } from '../../../scripts/free-port.ts';
import { nameResolver, publicLookup } from './public-lookup.ts';
import { webhookPost } from './webhook-post.ts';

/** Listens at a loopback, and counts the connections that come. */
async function listening(server: Server): Promise<{ port: number; connections: () => number }> {
  let connections = 0;
  server.on('connection', () => {
    connections += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => new Promise((resolve) => void server.close(() => resolve())));
  return { port: (server.address() as AddressInfo).port, connections: () => connections };
}

/** A name server that gives these addresses in turn for each question about an A record. */
async function nameServer(...addresses: string[]): Promise<string> {
  const socket = createSocket('udp4');
  socket.on('message', (question, from) => {
    const isA = question.readUInt16BE(question.indexOf(0, 12) + 1) === 1;
    const next = addresses.length > 1 ? () => addresses.shift() : () => addresses[0];
    const address = isA ? next() : undefined;
    socket.send(dnsAnswer(question, address), from.port, from.address);
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  onTestFinished(() => void socket.close());
  return `127.0.0.1:${socket.address().port}`;
}

/** RFC 1035 section 4.1: the question again, and one record of its name for 0 s. */
function dnsAnswer(question: Buffer, address: string | undefined): Buffer {
  const nameEnd = question.indexOf(0, 12) + 1;
  const asked = question.subarray(12, nameEnd + 4);
  const head = Buffer.from(question.subarray(0, 12));
  head.writeUInt16BE(0x8180, 2);
  head.writeUInt16BE(address === undefined ? 0 : 1, 6);
  head.writeUInt32BE(0, 8);
  if (address === undefined) return Buffer.concat([head, asked]);
  const record = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4]);
  return Buffer.concat([head, asked, record, Buffer.from(address.split('.').map(Number))]);
}

const posting = (url: string) => ({ url, headers: {}, body: '{}' });
const notPublic = { kind: 'failed', why: 'it is not a public address', fault: 'theirs' };

function poster(options: Partial<Parameters<typeof webhookPost>[0]> = {}) {
  const post = webhookPost({ allowPrivate: false, deadlineMs: 3_000, ...options });
  onTestFinished(() => post.close());
  return post;
}

it('an address that is not public is never connected to, by whatever name', async () => {
  const server = await listening(createServer((_, response) => void response.end()));
  const nameServers = [await nameServer('127.0.0.1')];
  const post = poster({ nameServers });
  for (const host of [
    '127.0.0.1',
    '[::1]',
    'localhost',
    'a.localhost',
    '2130706433',
    '[::ffff:7f00:1]',
  ]) {
    expect([host, await post(posting(`https://${host}:${server.port}/`))]).toEqual([
      host,
      notPublic,
    ]);
  }
  expect(await post(posting(`https://shop.example:${server.port}/`))).toEqual(notPublic);
  expect(await post(posting('https://169.254.169.254/latest/meta-data'))).toEqual(notPublic);
  expect(await post(posting(`http://127.0.0.1:${server.port}/`))).toEqual(notPublic);
  expect(server.connections()).toBe(0);
});

it('a name that changes its mind is taken by the address that was looked at', async () => {
  const resolve = nameResolver([await nameServer('93.184.216.34', '127.0.0.1')]);
  const lookup = publicLookup(resolve, new Set(['public']));
  const ask = () =>
    new Promise((answered) => {
      lookup('shop.example', { all: true }, (error, found) => answered(error?.message ?? found));
    });
  expect(await ask()).toEqual([{ address: '93.184.216.34', family: 4 }]);
  expect(await ask()).toBe('it is not a public address');
});

it('where it is allowed, http stays on the machine', async () => {
  const server = await listening(createServer((_, response) => void response.end('ok')));
  const post = poster({ allowPrivate: true, nameServers: [await nameServer('10.255.255.1')] });
  expect(await post(posting(`http://localhost:${server.port}/`))).toMatchObject({ status: 200 });
  expect(await post(posting(`http://shop.example:${server.port}/`))).toEqual(notPublic);
  expect(await post(posting('http://10.0.0.1/'))).toEqual(notPublic);
});

it('a redirect is an answer, and is not followed', async () => {
  const target = await listening(createServer((_, response) => void response.end()));
  const location = `http://127.0.0.1:${target.port}/`;
  const redirecting = createServer(
    (_, response) => void response.writeHead(307, { location }).end(),
  );
  const { port } = await listening(redirecting);
  const posted = await poster({ allowPrivate: true })(posting(`http://127.0.0.1:${port}/`));
  expect(posted).toMatchObject({ kind: 'answered', status: 307 });
  expect(target.connections()).toBe(0);
});

it('a certificate has to hold', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'fairgate-webhooks-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const { ca, keyFile, certFile } = makeCertificates(folder);
  const [key, cert] = [keyFile, certFile].map((file) => readFileSync(file, 'utf8'));
  const { port } = await listening(
    createTlsServer({ key: `${key}`, cert: `${cert}` }, (_, response) => void response.end('ok')),
  );
  const url = `https://localhost:${port}/`;
  expect(await poster({ allowPrivate: true })(posting(url))).toMatchObject({
    kind: 'failed',
    why: expect.stringMatching(/^TLS: /),
  });
  expect(await poster({ allowPrivate: true, ca })(posting(url))).toMatchObject({ status: 200 });
});

it('a kept connection that the receiver closes meanwhile is no failure', async () => {
  const server = createServer({ keepAliveTimeout: 1 }, (_, response) => void response.end('ok'));
  const { port } = await listening(server);
  const post = poster({ allowPrivate: true });
  for (let time = 0; time < 20; time += 1) {
    expect(await post(posting(`http://127.0.0.1:${port}/`))).toMatchObject({ status: 200 });
  }
});

it('a name server that is away is our fault, and a name without an address theirs', async () => {
  const silent = createSocket('udp4');
  await new Promise<void>((resolve) => silent.bind(0, '127.0.0.1', resolve));
  onTestFinished(() => void silent.close());
  const told = async (server: string, deadlineMs = 3_000) =>
    await poster({ nameServers: [server], deadlineMs })(posting('https://shop.example/'));
  expect(await told('127.0.0.1:1')).toMatchObject({ kind: 'failed', fault: 'ours' });
  const late = { why: 'no answer within 0.3 s', fault: 'ours' };
  expect(await told(`127.0.0.1:${silent.address().port}`, 300)).toMatchObject(late);
  const nameless = { why: 'the name has no address', fault: 'theirs' };
  expect(await told(await nameServer())).toMatchObject(nameless);
});

it('who refuses the connection, or does not answer in time, is at fault', async () => {
  const hanging = await listening(createServer(() => {}));
  const hasty = poster({ allowPrivate: true, deadlineMs: 300 });
  expect(await hasty(posting(`http://127.0.0.1:${hanging.port}/`))).toMatchObject({
    why: 'no answer within 0.3 s',
    fault: 'theirs',
  });
  const post = poster({ allowPrivate: true });
  expect(await post(posting(`http://127.0.0.1:${await freePort()}/`))).toMatchObject({
    why: 'the connection was refused',
    fault: 'theirs',
  });
});
