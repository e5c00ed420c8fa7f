import type { Clock } from '@fairgate/shared/clock.ts';
import { connectDatabase } from '@fairgate/shared/db/client.ts';
import { resubscribeLink, unsubscribeLink } from '@fairgate/shared/notices/unsubscribing.ts';
import type { RoomRedis } from '@fairgate/shared/redis/open.ts';
import type { Room } from '@fairgate/shared/room/room.ts';
import type { Redis } from 'ioredis';
import { jobRelay, lostNotices, noticeJobSchema, noticeSender } from '../app/notices.ts';
import type { Log, NoticeJob, RefundJob } from '../app/ports.ts';
import { lostRefunds, refundJobSchema, refundSender } from '../app/refunds.ts';
import { startTimer } from '../app/timer.ts';
import type { Config } from '../config.ts';
import type { NoticeLinks } from '../domain/notice.ts';
import type { PlaceMailLinks } from '../domain/place-words.ts';
import { jobQueue, jobWorker, untilRefunded, untilTooLate } from './bullmq.ts';
import { checkoutsOver } from './checkouts.ts';
import { smtpMailer } from './mail.ts';
import type { serviceMetrics } from './metrics.ts';
import { placeSide } from './place-side.ts';
import { postgresStore } from './postgres/store.ts';

type JobParts = {
  room: Room;
  roomRedis: RoomRedis;
  jobsRedis: Redis;
  workRedis: Redis;
  metrics: ReturnType<typeof serviceMetrics>;
  clock: Clock;
  log: Log;
};

function noticeLinks({ publicOrigin, noticeKeys }: Config): NoticeLinks & PlaceMailLinks {
  return {
    publicOrigin,
    unsubscribe: (who) => unsubscribeLink(noticeKeys, publicOrigin, who),
    again: (who) => resubscribeLink(noticeKeys, publicOrigin, who),
  };
}

/** Connections of its own, so that the API waits for none of it, however slow it is. */
function ownDatabase({ databaseUrl }: Config, name: 'orders' | 'places', connectionsMax: number) {
  return connectDatabase({
    url: databaseUrl,
    name: `fairgate-queue-service:${name}`,
    connectionsMax,
    statementTimeoutMs: 20_000,
  });
}

/** What follows a change: outbox → queue → worker. */
export function jobSide(config: Config, parts: JobParts) {
  const { jobsRedis, workRedis, metrics, clock, log } = parts;
  const { vapid, pushRule } = config;
  const checkouts = checkoutsOver(config.checkoutUrls, config.internalKey);
  const mails = { url: config.smtpUrl, from: config.mailFrom, dkim: config.dkim };
  const mailer = smtpMailer(mails);
  const notices = jobQueue<NoticeJob>('fairgate-notices', jobsRedis, untilTooLate);
  const refunds = jobQueue<RefundJob>('fairgate-refunds', jobsRedis, untilRefunded);
  const links = noticeLinks(config);
  // Connections of its own: thousands who are told of their place keep no receipt waiting.
  const placeMailer = smtpMailer(mails);
  const databases = {
    orders: ownDatabase(config, 'orders', 5),
    places: ownDatabase(config, 'places', 5),
  };
  const store = postgresStore(databases.orders);
  const ofPlaces = { store: postgresStore(databases.places), mailer: placeMailer };
  const places = placeSide({ ...parts, ...ofPlaces, vapid, pushRule, links });
  const relay = jobRelay({ store, notices, refunds, hasPush: vapid !== null, log });
  return {
    checkouts,
    queues: [notices.queue, refunds.queue, ...places.queues],
    timers: () => [
      startTimer('jobs', 250, relay, log),
      startTimer('lost notices', 15_000, lostNotices({ store, notices, clock }), log),
      startTimer('lost refunds', 15_000, lostRefunds({ store, refunds }), log),
      ...places.timers(),
    ],
    begin: () => [
      jobWorker('fairgate-notices', workRedis, {
        schema: noticeJobSchema,
        run: noticeSender({ store, mailer, clock, log, links }),
        onDone: metrics.notice,
        log,
      }),
      jobWorker('fairgate-refunds', workRedis, {
        schema: refundJobSchema,
        run: refundSender(checkouts, store),
        onDone: metrics.refund,
        log,
      }),
      ...places.begin(),
    ],
    async close() {
      mailer.close();
      placeMailer.close();
      await Promise.all([notices.close(), refunds.close(), places.close()]);
      await Promise.all([databases.orders.close(), databases.places.close()]);
    },
  };
}
