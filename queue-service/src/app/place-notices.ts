import { createHash } from 'node:crypto';
import type { Clock } from '@fairgate/shared/clock.ts';
import {
  type NoticeChannel,
  noticeChannels,
  type PlaceNoticeEnd,
} from '@fairgate/shared/db/schema-places.ts';
import { recipientDigest } from '@fairgate/shared/notices/unsubscribing.ts';
import type { Room } from '@fairgate/shared/room/room.ts';
import { z } from 'zod';
import { isUseful } from '../domain/notice.ts';
import {
  againMail,
  type PlaceMailLinks,
  type PushedKind,
  placeMail,
  pushedOrderKinds,
  pushPayload,
  type ToldOf,
} from '../domain/place-words.ts';
import {
  againAbout,
  againKind,
  isSo,
  isSoldOut,
  type PlaceNoticeKind,
  placeNoticeKinds,
  urgencies,
  urgencyOf,
  urgentUpTo,
} from '../domain/telling.ts';
import {
  type PlaceNotice,
  type PlaceNoticeJob,
  type PlaceNoticeRef,
  type Pusher,
  PushPutOff,
  type ToldOrder,
} from './place-ports.ts';
import type { JobQueue, Log, Mailer, NoticeJob, Store } from './ports.ts';
import { settling } from './settling.ts';

/**
 * row that is due → BullMQ job → claim → (still so?) → mail or push → settled. Each step may run twice;
 * its effect may not.
 */
export const placeNoticeJobSchema = z.object({
  kind: z.literal('place-notice'),
  saleId: z.string().min(1).max(100),
  visitor: z.string().min(1).max(100),
  number: z.int(),
  notice: z.string().max(60),
  about: z.string().max(200),
  channel: z.enum(noticeChannels),
});

/** Longer than the mailer's and the pusher's own deadlines: whoever had a claim is gone by then. */
const claimStaleMs = 50_000;
/** A job that got lost is put again after this long: no claim of its is left then. */
const leaseMs = 60_000;
const pauseMsMax = 60_000;
const toldEveryMs = { warn: 10_000, error: 3_600_000 };
/** To one address of one sale: those of a household's places; nobody is flooded in another's name. */
const mailsMax = 12;

/** A day: an order is looked at on its page then, or in the mail. */
const orderUsefulMs = 24 * 3_600_000;

/** What is told by push of an order's notice; nothing of kinds that are told by mail alone. */
export function pushedOrder(job: NoticeJob & { toldAt: number }): ToldOrder[] {
  const { notice, orderId, paymentId, toldAt } = job;
  if (!pushedOrderKinds.some((kind) => kind === notice)) return [];
  const about = paymentId === undefined ? orderId : `${orderId}.${paymentId}`;
  return [{ orderId, notice, about, toldAt, usefulUntil: toldAt + orderUsefulMs }];
}

/** Jobs that wait in a queue: so that a turn, which is put there next, waits for no more than these. */
const depthMax = 400;

/** What a relay needs of a queue. */
export type MeasuredQueue = JobQueue<PlaceNoticeJob> & { waiting(upTo: number): Promise<number> };

/**
 * Hands rows that are due to the queue of their channel, the urgent ones first, and no more than it has
 * room for: no mail server keeps a push waiting, and no crowd that is told of the end a turn.
 */
export function placeNoticeRelay(
  channel: NoticeChannel,
  queue: MeasuredQueue,
  { store, clock }: { store: Pick<Store, 'transaction'>; clock: Clock },
): () => Promise<void> {
  const relayBatch = (limit: number, upTo: number) =>
    store.transaction(async ({ places }) => {
      const due = await places.due(channel, clock.now(), { leaseMs, limit, upTo });
      const jobs = due.map((ref) => {
        const data = { kind: 'place-notice' as const, ...ref };
        return { jobId: `p-${digest(ref)}`, data, priority: urgencyOf(ref.notice) };
      });
      if (jobs.length > 0) await queue.add(jobs);
    });
  return async () => {
    if (!queue.ready()) return;
    // A queue that is full of what can wait has room for what is urgent.
    for (const upTo of [urgentUpTo, urgencies['sold-out']]) {
      const room = depthMax - (await queue.waiting(upTo));
      if (room > 0) await relayBatch(room, upTo);
    }
  };
}

function digest(ref: PlaceNoticeRef): string {
  const { saleId, visitor, number, notice, about, channel } = ref;
  const text = [saleId, visitor, number, notice, about, channel].join('\n');
  return createHash('sha256').update(text).digest('base64url').slice(0, 32);
}

/** 1 s, 2 s, 4 s, … up to a minute, give or take a quarter; longer where a push service asks for it. */
export function pauseMs(tries: number, random: number, askedMs = 0): number {
  const doubled = Math.min(pauseMsMax, 500 * 2 ** Math.min(20, tries));
  return Math.max(askedMs, Math.round(doubled * (0.75 + random / 2)));
}

export type PlaceSenderParts = {
  store: Pick<Store, 'places' | 'notices'>;
  room: Pick<Room, 'standing' | 'advance'>;
  mailer: Mailer;
  /** Null: push messages are not set up. */
  pusher: Pusher | null;
  links: PlaceMailLinks;
  clock: Clock;
  log: Log;
  random(): number;
};

export type PlaceNoticeOutcome = PlaceNoticeEnd | 'ended-before' | 'under-way' | 'put-off';

/**
 * Sends one notice, if it is still so. A crash between the message and its note, or an answer that is lost,
 * sends it once more at most: under the same Message-ID, or the same topic and tag, so that it
 * takes the place of the first. A failure is put off, until it would be too late.
 */
export function placeNoticeSender(
  parts: PlaceSenderParts,
): (job: PlaceNoticeJob) => Promise<PlaceNoticeOutcome> {
  const { store, clock } = parts;
  const tell = rarely(parts);
  return async (ref) => {
    const notice = await store.places.find(ref);
    if (notice === null || notice.isEnded) return 'ended-before';
    const claimedAt = clock.now();
    const claim = await store.places.claim(ref, claimedAt, claimStaleMs);
    if (claim === 'ended') return 'ended-before';
    if (claim === 'under-way') return 'under-way';
    let outcome: PlaceNoticeEnd;
    try {
      const found = await obstacle(parts, ref, notice);
      if (found === 'not-yet') {
        await store.places.putOff(ref, claimedAt, clock.now(), (tries) =>
          pauseMs(tries, parts.random()),
        );
        return 'put-off';
      }
      outcome = found ?? (await send(parts, ref, notice));
    } catch (error) {
      tell(ref, error);
      const askedMs = error instanceof PushPutOff ? error.afterMs : 0;
      const pause = (tries: number) => pauseMs(tries, parts.random(), askedMs);
      await store.places.putOff(ref, claimedAt, clock.now(), pause);
      return 'put-off';
    }
    await settling(() => store.places.settle(ref, claimedAt, outcome, clock.now()));
    return outcome;
  };
}

/** A mail server that is away is told of once in a while, and not for each who waits for a mail. */
function rarely({ clock, log }: Pick<PlaceSenderParts, 'clock' | 'log'>) {
  const last = { warn: { at: 0, since: 0 }, error: { at: 0, since: 0 } };
  return ({ saleId, notice, channel }: PlaceNoticeRef, error: unknown): void => {
    const level = error instanceof PushPutOff && error.isOurs ? 'error' : 'warn';
    const told = last[level];
    told.since += 1;
    if (clock.now() - told.at < toldEveryMs[level]) return;
    log[level]({ saleId, notice, channel, count: told.since, err: error }, 'notices are put off');
    last[level] = { at: clock.now(), since: 0 };
  };
}

const isPlaceKind = (kind: string): kind is PlaceNoticeKind =>
  placeNoticeKinds.some((one) => one === kind);
const isPushedKind = (kind: string): kind is PushedKind =>
  isPlaceKind(kind) || pushedOrderKinds.some((one) => one === kind);

/** Why a notice is not sent, or not now; undefined where nothing is against it. */
type Obstacle = PlaceNoticeEnd | 'not-yet' | undefined;

async function obstacle(
  { store, room, clock }: PlaceSenderParts,
  ref: PlaceNoticeRef,
  { usefulUntil, createdAt: toldAt, email, push }: PlaceNotice,
): Promise<Obstacle> {
  const { saleId, visitor, number, notice, about, channel } = ref;
  const now = clock.now();
  if (now >= usefulUntil) return 'too-late';
  if (channel === 'mail' ? email === null : push === null) return 'no-address';
  if (channel === 'mail') {
    const found = await mailObstacle(store, ref, email ?? '');
    if (found !== undefined || notice === againKind) return found;
  }
  if (!isPlaceKind(notice)) {
    const order = await store.notices.order(orderOf(about));
    const kind = pushedOrderKinds.find((one) => one === notice);
    const isStill = order !== null && kind !== undefined && isUseful(kind, order, { toldAt, now });
    return isStill ? undefined : 'moved-on';
  }
  const [standing] = await room.standing(saleId, [visitor]);
  if (standing === undefined || !isSo(notice, standing, now)) return 'moved-on';
  // Another place than the one that it was about.
  if (standing.state !== 'unknown' && standing.number !== number) return 'moved-on';
  if (notice !== 'sold-out') return undefined;
  const snapshot = await room.advance(saleId);
  return snapshot === null || isSoldOut(snapshot) ? undefined : 'moved-on';
}

async function mailObstacle(
  store: PlaceSenderParts['store'],
  ref: PlaceNoticeRef,
  email: string,
): Promise<Obstacle> {
  const recipient = recipientDigest(ref.saleId, email);
  const unsubscribedAt = await store.notices.unsubscribedAt(ref.saleId, recipient);
  if (ref.notice === againKind) {
    // They have given another address since, or have answered.
    if (ref.about !== againAbout(recipient, unsubscribedAt)) return 'moved-on';
  } else if (unsubscribedAt !== null) return 'unsubscribed';
  switch (await store.places.takeMail(recipient, ref, mailsMax)) {
    case 'taken':
      return undefined;
    case 'too-many':
      return 'too-many';
    case 'asked':
      return 'moved-on';
    case 'being-asked':
      return 'not-yet';
  }
}

async function send(
  { store, mailer, pusher, links, clock }: PlaceSenderParts,
  ref: PlaceNoticeRef,
  notice: PlaceNotice,
): Promise<PlaceNoticeEnd> {
  const { saleId, notice: kind, about, channel } = ref;
  if (kind !== againKind && !isPushedKind(kind)) return 'refused';
  const secondsLeft = Math.floor((notice.usefulUntil - clock.now()) / 1_000);
  const { saleName, language, appearance, push, email } = notice;
  const orderId = orderOf(about);
  const told: ToldOf = { saleId, saleName, language, appearance, orderId, secondsLeft };
  if (channel === 'mail') {
    if (email === null) return 'no-address';
    const to = { to: email, messageId: `<${digest(ref)}.${kind}@fairgate>` };
    if (kind === againKind) return await mailer.send(againMail(told, to, links, momentOf(about)));
    return isPlaceKind(kind) ? await mailer.send(placeMail(kind, told, to, links)) : 'no-address';
  }
  if (push === null || pusher === null || kind === againKind) return 'no-address';
  const outcome = await pusher.send(push, {
    payload: pushPayload(kind, told),
    ttlSeconds: Math.max(1, secondsLeft),
    urgency: kind === 'soon' || kind === 'your-turn' ? 'high' : 'normal',
    topic: topicOf(orderId === '' ? saleId : orderId),
  });
  if (outcome === 'gone') await store.places.dropPush(ref, push.endpoint);
  return outcome;
}

/** Of `<order>` or `<order>.<payment>`. */
function orderOf(about: string): string {
  return about.split('.')[0] ?? '';
}

/** Of `againAbout`. */
function momentOf(about: string): number {
  return Number(about.split('.')[1]);
}

/** 32 characters of base64url at most (RFC 8030 section 5.4), the same for all that replace each other. */
function topicOf(about: string): string {
  return createHash('sha256').update(about).digest('base64url').slice(0, 32);
}
