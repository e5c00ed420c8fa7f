import type { Clock } from '@fairgate/shared/clock.ts';
import type { NoticeChannel } from '@fairgate/shared/db/schema-places.ts';
import type { PushRule } from '@fairgate/shared/notices/push-endpoint.ts';
import type { RoomRedis } from '@fairgate/shared/redis/open.ts';
import type { Room } from '@fairgate/shared/room/room.ts';
import type { Redis } from 'ioredis';
import { forgetLeft, forgetPast } from '../app/place-forgetting.ts';
import { placeNoticeJobSchema, placeNoticeRelay, placeNoticeSender } from '../app/place-notices.ts';
import type { PlaceNoticeJob } from '../app/place-ports.ts';
import { placeTeller } from '../app/place-teller.ts';
import type { Log, Mailer, Store } from '../app/ports.ts';
import { startTimer, type Timer } from '../app/timer.ts';
import type { PlaceMailLinks } from '../domain/place-words.ts';
import { askStream } from './asks.ts';
import { type Closable, jobQueue, jobWorker, whileNeeded } from './bullmq.ts';
import type { serviceMetrics } from './metrics.ts';
import { webPusher } from './web-push.ts';

export type PlaceSideParts = {
  store: Store;
  room: Room;
  roomRedis: RoomRedis;
  jobsRedis: Redis;
  workRedis: Redis;
  mailer: Mailer;
  links: PlaceMailLinks;
  vapid: { publicKey: string; privateKey: string; subject: string } | null;
  pushRule: PushRule;
  metrics: Pick<ReturnType<typeof serviceMetrics>, 'placeNotice'>;
  clock: Clock;
  log: Log;
};

/** A push service that keeps us waiting holds up no more than one of so many. */
const concurrency = { mail: 5, push: 40 };

/** Telling shoppers of their place: `asks → notices → queues → mail, push`. */
export function placeSide(parts: PlaceSideParts) {
  const { store, jobsRedis, clock, log } = parts;
  const mails = jobQueue<PlaceNoticeJob>('fairgate-place-mails', jobsRedis, whileNeeded);
  const pushes = jobQueue<PlaceNoticeJob>('fairgate-pushes', jobsRedis, whileNeeded);
  const teller = placeTeller({ ...parts, asks: askStream(parts.roomRedis) });
  const relays = [
    placeNoticeRelay('mail', mails, { store, clock }),
    placeNoticeRelay('push', pushes, { store, clock }),
  ];
  return {
    queues: [mails.queue, pushes.queue],
    begin: (): Closable[] => [
      worker(parts, 'fairgate-place-mails', 'mail'),
      worker(parts, 'fairgate-pushes', 'push'),
    ],
    timers: (): Timer[] => [
      startTimer('places', 1_000, teller, log),
      ...relays.map((relay) => startTimer('place notices', 500, relay, log)),
      startTimer('places of the past', 600_000, forgetPast(parts), log),
      startTimer('places that were left', 60_000, forgetLeft(parts), log),
    ],
    async close() {
      await Promise.all([mails.close(), pushes.close()]);
    },
  };
}

function worker(
  parts: PlaceSideParts,
  name: 'fairgate-place-mails' | 'fairgate-pushes',
  channel: NoticeChannel,
): Closable {
  const { vapid, pushRule, metrics, workRedis, log } = parts;
  const pusher = vapid === null ? null : webPusher(vapid, pushRule);
  return jobWorker(name, workRedis, {
    schema: placeNoticeJobSchema,
    run: placeNoticeSender({ ...parts, pusher, random: Math.random }),
    onDone: (outcome) => metrics.placeNotice(channel, outcome),
    concurrency: concurrency[channel],
    log,
  });
}
