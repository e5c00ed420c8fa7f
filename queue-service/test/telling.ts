import type { Wish } from '@fairgate/shared/notices/place-ask.ts';
import { asksKey } from '@fairgate/shared/room/keys.ts';
import { newcomer } from '@fairgate/shared/room/room.ts';
import { onTestFinished } from 'vitest';
import { startPushService } from '../../e2e/support/push-service.ts';
import { makeVapidKey } from '../../scripts/keys/vapid-key.ts';
import { askStream } from '../src/adapters/asks.ts';
import { smtpMailer } from '../src/adapters/mail.ts';
import { webPusher } from '../src/adapters/web-push.ts';
import { placeNoticeSender } from '../src/app/place-notices.ts';
import { placeTeller } from '../src/app/place-teller.ts';
import { aSale, silent, testService } from './fixture.ts';
import { catchingServer } from './smtp-servers.ts';

const vapid = { ...makeVapidKey(new Date()), subject: 'mailto:shop@example.org' };
const pushRule = { hosts: [], allowsLoopback: true };

/**
 * Shoppers of a sale who ask to be told, over real stores, a real mail server and a push service that
 * decrypts; what the queues would do is done by `deliver`. A clock moved by hand.
 */
export async function tellingFixture() {
  const service = await testService();
  const [smtp, push] = await Promise.all([catchingServer(), startPushService(vapid.publicKey)]);
  const mailer = smtpMailer({ url: smtp.url, from: 'Fairgate <shop@example.org>', dkim: null });
  onTestFinished(async () => {
    mailer.close();
    await push.stop();
  });
  const asks = askStream(service.redis);
  const teller = (store = service.store) => placeTeller({ ...service, store, asks, log: silent });
  const { store: real } = service;
  const sender = (store: typeof real) =>
    placeNoticeSender({
      ...service,
      store,
      mailer,
      pusher: webPusher(vapid, pushRule),
      links: {
        publicOrigin: 'https://shop.example',
        unsubscribe: ({ saleId }) => `https://shop.example/stop/${saleId}`,
        again: ({ saleId, unsubscribedAt }) =>
          `https://shop.example/again/${saleId}/${unsubscribedAt}`,
      },
      log: silent,
      random: () => 0.5,
    });
  let saleId = '';
  /** Second after second: the line moves, people are told. */
  const seconds = async (count: number, tell: () => Promise<void> = async () => {}) => {
    for (let i = 0; i < count; i += 1) {
      await service.pass(1_000);
      await service.room.advance(saleId, 0);
      await tell();
    }
  };
  return {
    service,
    smtp,
    push,
    asks,
    teller,
    seconds,
    /** A sale that opens in a minute; it is open where nothing else is said. */
    async sale(room: Record<string, unknown>, isOpen = true, more: Record<string, unknown> = {}) {
      const made = await aSale(service, { publish: true, room, ...more });
      saleId = made.saleId;
      if (isOpen) await seconds(61);
      return made;
    },
    async join(...visitors: string[]): Promise<number[]> {
      const replies = await service.room.join(saleId, visitors.map(newcomer));
      return replies.map(({ number }) => number);
    },
    /** As gateways keep it. */
    async ask(visitor: string, number: number, wish: Wish): Promise<void> {
      const json = JSON.stringify({ visitor, number, lane: 'main', ...wish });
      await service.redis.xadd(asksKey(saleId), '*', 'ask', json);
    },
    /** Everything that is due, with what became of it. */
    async deliver(store = real): Promise<string[]> {
      const send = sender(store);
      const outcomes: string[] = [];
      const everything = { leaseMs: 60_000, limit: 100, upTo: 4 };
      for (const channel of ['mail', 'push'] as const) {
        const due = await service.store.places.due(channel, service.clock.now(), everything);
        for (const ref of due) outcomes.push(await send({ kind: 'place-notice', ...ref }));
      }
      return outcomes.sort();
    },
  };
}

export type Telling = Awaited<ReturnType<typeof tellingFixture>>;
