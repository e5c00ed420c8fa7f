import { createServer, type Server } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type PushService, startPushService } from '../../../e2e/support/push-service.ts';
import { makeVapidKey } from '../../../scripts/keys/vapid-key.ts';
import { webPusher } from './web-push.ts';

const vapid = { ...makeVapidKey(new Date()), subject: 'https://shop.example/contact' };
const message = {
  payload: JSON.stringify({ title: 'It is your turn' }),
  ttlSeconds: 90,
  urgency: 'high',
  topic: 'topic_1',
} as const;
const onLoopback = { hosts: [], allowsLoopback: true };

let push: PushService;
beforeEach(async () => {
  push = await startPushService(vapid.publicKey);
});
afterEach(() => push.stop());

it('a message is encrypted for the browser, and comes in the name of the shop', async () => {
  const { subscription, pushed } = push.subscribe();
  expect(await webPusher(vapid, onLoopback).send(subscription, message)).toBe('sent');
  expect(pushed).toEqual([
    {
      message: { title: 'It is your turn' },
      ttl: 90,
      urgency: 'high',
      topic: 'topic_1',
      subject: 'https://shop.example/contact',
    },
  ]);
});

it('with other keys than those that the browser subscribed with it waits for us to mend them', async () => {
  const { subscription, pushed } = push.subscribe();
  const other = { ...makeVapidKey(new Date()), subject: 'mailto:a@example.org' };
  const put = webPusher(other, onLoopback).send(subscription, message);
  await expect(put).rejects.toMatchObject({ name: 'PushPutOff', isOurs: true });
  expect(push.faults).toHaveLength(1);
  expect(pushed).toEqual([]);
});

it.each([401, 403, 408, 425, 429, 503])('an answer %i is not the end', async (status) => {
  push.answer = { status };
  const sent = webPusher(vapid, onLoopback).send(push.subscribe().subscription, message);
  await expect(sent).rejects.toMatchObject({ name: 'PushPutOff', isOurs: status < 408 });
});

it('a key that no browser can have is refused, and not tried again and again', async () => {
  const { subscription } = push.subscribe();
  const p256dh = Buffer.concat([Buffer.from([4]), Buffer.alloc(64, 1)]).toString('base64url');
  const broken = { ...subscription, keys: { ...subscription.keys, p256dh } };
  expect(await webPusher(vapid, onLoopback).send(broken, message)).toBe('refused');
  expect(push.asked()).toBe(0);
});

it('a time that is asked for as a date is waited for, and no longer than an hour', async () => {
  const { subscription } = push.subscribe();
  const pusher = webPusher(vapid, onLoopback);
  const askedFor = async (after: string) => {
    push.answer = { status: 503, headers: { 'retry-after': after } };
    const put = await pusher.send(subscription, message).catch((error: unknown) => error);
    return z.object({ afterMs: z.number() }).parse(put).afterMs;
  };
  expect(await askedFor(new Date(Date.now() + 60_000).toUTCString())).toBeGreaterThan(50_000);
  expect(await askedFor('86400')).toBe(3_600_000);
  expect(await askedFor('soon')).toBe(0);
});

describe('whoever could be called from inside', () => {
  let inside: Server;
  let calls = 0;
  beforeEach(async () => {
    calls = 0;
    inside = createServer((_request, response) => {
      calls += 1;
      response.end();
    });
    await new Promise<void>((resolve) => inside.listen(0, '127.0.0.1', resolve));
  });
  afterEach(() => new Promise<void>((resolve) => inside.close(() => resolve())));

  it('is not, whatever address a push endpoint names', async () => {
    const { port } = z.object({ port: z.number() }).parse(inside.address());
    const pusher = webPusher(vapid, { hosts: ['*'], allowsLoopback: false });
    const { keys } = push.subscribe().subscription;
    for (const endpoint of [`http://127.0.0.1:${port}/`, `https://127.0.0.1:${port}/`]) {
      expect(await pusher.send({ endpoint, keys }, message)).toBe('refused');
    }
    expect(calls).toBe(0);
  });

  it('is not, where a public name leads to it', async () => {
    const resolve = async () => [{ address: '127.0.0.1', family: 4 }];
    const pusher = webPusher(vapid, { hosts: ['*'], allowsLoopback: false }, resolve);
    const { keys } = push.subscribe().subscription;
    const endpoint = 'https://push.example.org/a';
    await expect(pusher.send({ endpoint, keys }, message)).rejects.toThrow('not a public address');
  });
});
