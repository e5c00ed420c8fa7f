import type { Wish } from '@fairgate/shared/notices/place-ask.ts';
import { asksKey } from '@fairgate/shared/room/keys.ts';
import { nodeScripts } from '@fairgate/shared/room/node-scripts.ts';
import { redisRoom } from '@fairgate/shared/room/redis-room.ts';
import { newcomer } from '@fairgate/shared/room/room.ts';
import { leaseForGood } from '@fairgate/shared/room/test-rooms.ts';
import { Redis } from 'ioredis';
import { expect, it, onTestFinished, vi } from 'vitest';
import { startPushService } from '../../e2e/support/push-service.ts';
import { freshDatabaseUrl, freshRedisUrl } from '../../e2e/support/stores.ts';
import { holdsFor } from '../../e2e/support/wait.ts';
import { makeVapidKey } from '../../scripts/keys/vapid-key.ts';
import { iso, pen } from '../test/fixture.ts';
import { patience, startProcess } from '../test/process.ts';
import { brokenServer, catchingServer } from '../test/smtp-servers.ts';

vi.setConfig({ testTimeout: 400_000 });

/** Longer than a claim of somebody who died. */
const takenOver = { timeout: 150_000, interval: 100 };

/** Shoppers of a sale, as the edge would serve them. */
function shoppersOf(redisUrl: string) {
  const redis = new Redis(redisUrl);
  onTestFinished(() => redis.disconnect());
  const room = redisRoom(redis, nodeScripts());
  return {
    opened: (saleId: string) => leaseForGood(redis, saleId),
    async joinAndAsk(saleId: string, visitor: string, wish: Wish) {
      const number = await vi.waitFor(async () => {
        const [reply] = await room.join(saleId, [newcomer(visitor)]);
        if (reply?.outcome !== 'joined') throw new Error(`the room says ${reply?.outcome}`);
        return reply.number;
      }, patience);
      const ask = JSON.stringify({ visitor, number, lane: 'main', ...wish });
      await redis.xadd(asksKey(saleId), '*', 'ask', ask);
    },
  };
}

/** Stores of its own, a push service, and how the service is started over them. */
async function placesToTell(smtpUrl: string) {
  const [databaseUrl, redisUrl] = [await freshDatabaseUrl(), await freshRedisUrl()];
  const { publicKey, privateKey } = makeVapidKey(new Date());
  const push = await startPushService(publicKey);
  onTestFinished(() => push.stop());
  const shoppers = shoppersOf(redisUrl);
  const start = () =>
    startProcess(databaseUrl, redisUrl, {
      FAIRGATE_SMTP_URL: smtpUrl,
      FAIRGATE_VAPID_PUBLIC_KEY: publicKey,
      FAIRGATE_VAPID_PRIVATE_KEY: privateKey,
      FAIRGATE_VAPID_SUBJECT: 'mailto:shop@example.org',
      FAIRGATE_PUSH_LOOPBACK: '1',
    });
  /** An open sale that lets everybody in. */
  const openSale = async ({ call }: Awaited<ReturnType<typeof start>>) => {
    await vi.waitFor(async () => {
      expect((await call('GET', '/readyz')).status).toBe(200);
    }, patience);
    const product = await call('POST', '/v1/products', { ...pen, stock: 100 });
    const room = { admitPerMinute: 6_000, tokenSeconds: 900 };
    const sale = { name: 'Pens', productIds: [product.body.id], startsAt: iso(Date.now()), room };
    const made = await call('POST', '/v1/sales', { ...sale, publish: true });
    const saleId = String(made.body.id);
    await shoppers.opened(saleId);
    return saleId;
  };
  return { push, shoppers, start, openSale, privateKey };
}

it('who asked is told once of their turn, though the service is killed while it tells them', async () => {
  const smtp = await catchingServer();
  const { push, shoppers, start, openSale, privateKey } = await placesToTell(smtp.url);
  // The push is under way and the mail was put off when the process dies.
  push.answer = 'nothing';
  smtp.state.refuseWith = 451;
  const killed = await start();
  const saleId = await openSale(killed);
  const browser = push.subscribe();
  const email = 'shopper@example.org';
  const wish = { email, language: 'en', pushSubscription: browser.subscription };
  await shoppers.joinAndAsk(saleId, 'the-visitor', wish);
  await vi.waitFor(() => expect(push.asked()).toBeGreaterThan(0), patience);
  killed.child.kill('SIGKILL');
  await killed.exited;
  push.answer = null;
  smtp.state.refuseWith = null;
  const next = await start();
  await vi.waitFor(() => {
    expect(smtp.caught.map(({ subject }) => subject)).toContain('It is your turn: Pens');
    expect(browser.pushed.map(({ message }) => message.kind)).toContain('your-turn');
  }, takenOver);
  const ofTurn = () => [
    smtp.caught.filter(({ subject }) => subject?.startsWith('It is your turn')).length,
    browser.pushed.filter(({ message }) => message.kind === 'your-turn').length,
  ];
  await holdsFor(3, async () => expect(ofTurn()).toEqual([1, 1]));
  expect(push.faults).toEqual([]);
  // An address that is no secret of ours is no business of the log either.
  const logged = [killed, next].map(({ output }) => output()).join();
  for (const secret of [email, privateKey, browser.subscription.endpoint]) {
    expect(logged).not.toContain(secret);
  }
  next.child.kill('SIGTERM');
  expect(await next.exited, next.output()).toBe(0);
});

it('a mail server that hangs keeps nobody waiting for a push message', async () => {
  const { url } = await brokenServer();
  const { push, shoppers, start, openSale } = await placesToTell(url);
  const service = await start();
  const saleId = await openSale(service);
  for (let i = 0; i < 30; i += 1) {
    await shoppers.joinAndAsk(saleId, `mailed-${i}`, { email: `${i}@example.org` });
  }
  const browser = push.subscribe();
  await shoppers.joinAndAsk(saleId, 'pushed', { pushSubscription: browser.subscription });
  const kinds = () => browser.pushed.map(({ message }) => message.kind);
  await vi.waitFor(() => expect(kinds()).toContain('your-turn'), patience);
  expect(service.output()).not.toContain('uncaught');
});
