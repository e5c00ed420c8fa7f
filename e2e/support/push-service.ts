import {
  createDecipheriv,
  createECDH,
  createPublicKey,
  type ECDH,
  hkdfSync,
  randomBytes,
} from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { PushSubscription } from '@fairgate/shared/notices/place-ask.ts';
import { jwtVerify } from 'jose';
import { z } from 'zod';

/** What arrived, as the browser would see it. */
export type Pushed = {
  message: Record<string, unknown>;
  ttl: number;
  urgency: string;
  topic: string;
  /** Of the VAPID token. */
  subject: string;
};

export type PushService = {
  /** A browser that subscribes with the shop's key; its messages in order of arrival. */
  subscribe(): { subscription: PushSubscription; pushed: Pushed[] };
  /** What it answers from now on, instead of taking messages; null: it takes them. */
  answer: { status: number; headers?: Record<string, string> } | 'nothing' | null;
  /** How often it was asked, whatever it answered. */
  asked(): number;
  /** Why messages were refused: of a service that answers 400 or 403 nobody sees it. */
  faults: string[];
  url: string;
  stop(): Promise<void>;
};

type Browser = { pair: ECDH; auth: Buffer; pushed: Pushed[] };

/**
 * A push service and its browsers on this machine: takes what RFC 8030 allows, checks the shop's name
 * (RFC 8292) and decrypts with the browser's key (RFC 8291), by node's own crypto.
 */
export async function startPushService(vapidPublicKey: string): Promise<PushService> {
  const browsers = new Map<string, Browser>();
  let asked = 0;
  const faults: string[] = [];
  const server = createServer((request, response) => {
    asked += 1;
    void take(request, response).catch((error: unknown) => {
      faults.push(String(error));
      response.writeHead(error instanceof NotTheShop ? 403 : 400).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = z.object({ port: z.number() }).parse(server.address());
  const url = `http://127.0.0.1:${port}`;

  const take = async (request: IncomingMessage, response: ServerResponse) => {
    const body = Buffer.concat(await request.toArray());
    if (service.answer === 'nothing') return;
    if (service.answer !== null) {
      response.writeHead(service.answer.status, service.answer.headers).end();
      return;
    }
    const browser = browsers.get(request.url ?? '');
    if (browser === undefined) return void response.writeHead(404).end();
    const subject = await shopOf(request.headers.authorization ?? '', vapidPublicKey, url);
    if (request.headers['content-encoding'] !== 'aes128gcm') throw new Error('not encrypted');
    const message = z.record(z.string(), z.unknown()).parse(JSON.parse(decrypt(browser, body)));
    const header = (name: string) => z.string().parse(request.headers[name]);
    browser.pushed.push({
      message,
      ttl: Number(header('ttl')),
      urgency: header('urgency'),
      topic: header('topic'),
      subject,
    });
    response.writeHead(201, { location: `${url}/messages/${asked}` }).end();
  };

  const service: PushService = {
    subscribe() {
      const pair = createECDH('prime256v1');
      const p256dh = pair.generateKeys('base64url');
      const browser = { pair, auth: randomBytes(16), pushed: [] };
      const path = `/push/${randomBytes(16).toString('base64url')}`;
      browsers.set(path, browser);
      const keys = { p256dh, auth: browser.auth.toString('base64url') };
      return { subscription: { endpoint: `${url}${path}`, keys }, pushed: browser.pushed };
    },
    answer: null,
    asked: () => asked,
    faults,
    url,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return service;
}

class NotTheShop extends Error {}

/** `vapid t=<JWT>, k=<key>` by the key with which the browser subscribed; its `sub`. */
async function shopOf(authorization: string, publicKey: string, audience: string) {
  const [, token = '', key = ''] = /^vapid t=([^, ]+), ?k=([^, ]+)$/.exec(authorization) ?? [];
  if (key !== publicKey) throw new NotTheShop('another key than the subscription has');
  const point = Buffer.from(publicKey, 'base64url');
  const [x, y] = [point.subarray(1, 33), point.subarray(33)];
  const jwk = { kty: 'EC', crv: 'P-256', x: x.toString('base64url'), y: y.toString('base64url') };
  const verified = createPublicKey({ key: jwk, format: 'jwk' });
  const { payload } = await jwtVerify(token, verified, { algorithms: ['ES256'], audience });
  const exp = payload.exp ?? Number.POSITIVE_INFINITY;
  // RFC 8292 section 2: a day at most.
  if (exp > Date.now() / 1_000 + 86_400) throw new NotTheShop('the token lives for too long');
  return payload.sub ?? '';
}

/** RFC 8291 section 3.4 over RFC 8188: one record, and its padding. */
function decrypt({ pair, auth }: Browser, body: Buffer): string {
  const salt = body.subarray(0, 16);
  const recordSize = body.readUInt32BE(16);
  const idLength = body.readUInt8(20);
  const senderKey = body.subarray(21, 21 + idLength);
  const record = body.subarray(21 + idLength);
  if (record.length > recordSize || body.length > 4_096) throw new Error('more than one record');
  const secret = pair.computeSecret(senderKey);
  const info = Buffer.concat([Buffer.from('WebPush: info\0'), pair.getPublicKey(), senderKey]);
  const ikm = Buffer.from(hkdfSync('sha256', secret, auth, info, 32));
  const key = hkdfSync('sha256', ikm, salt, 'Content-Encoding: aes128gcm\0', 16);
  const nonce = hkdfSync('sha256', ikm, salt, 'Content-Encoding: nonce\0', 12);
  const decipher = createDecipheriv('aes-128-gcm', Buffer.from(key), Buffer.from(nonce));
  decipher.setAuthTag(record.subarray(-16));
  const padded = Buffer.concat([decipher.update(record.subarray(0, -16)), decipher.final()]);
  const end = padded.lastIndexOf(2);
  return padded.subarray(0, end).toString('utf8');
}
