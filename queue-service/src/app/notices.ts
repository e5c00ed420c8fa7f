import type { Clock } from '@fairgate/shared/clock.ts';
import type { NoticeEnd } from '@fairgate/shared/db/schema-records.ts';
import { recipientDigest } from '@fairgate/shared/notices/unsubscribing.ts';
import { z } from 'zod';
import {
  isReceipt,
  isUseful,
  type NoticeLinks,
  type NoticeOrder,
  noticeKey,
  noticeKinds,
  noticeMail,
  noticeOfKey,
} from '../domain/notice.ts';
import type { AwaitedNotice, NoticeName } from './notice-ports.ts';
import { pushedOrder } from './place-notices.ts';
import type { JobQueue, Log, Mailer, NoticeJob, RefundJob, Store } from './ports.ts';
import { queuedRefund, refundJobSchema } from './refunds.ts';
import { settling } from './settling.ts';

/**
 * outbox row → BullMQ job → claim → (too late, unsubscribed) → mail → settled. Each step may run
 * twice; its effect may not.
 */
export const noticeJobSchema = z.object({
  kind: z.literal('notice'),
  notice: z.enum(noticeKinds),
  orderId: z.string().min(1).max(100),
  paymentId: z.string().min(1).max(100).optional(),
  toldAt: z.number().optional(),
});

const batchMax = 100;
/** Longer than the mailer's own deadline: whoever had the claim is gone by then. */
const claimStaleMs = 60_000;

const jobSchema = z.discriminatedUnion('kind', [noticeJobSchema, refundJobSchema]);

type RelayParts = {
  store: Store;
  notices: JobQueue<NoticeJob>;
  refunds: JobQueue<RefundJob>;
  /** Orders are told of by push too, of shoppers who have subscribed. */
  hasPush?: boolean;
  log: Log;
};

type ToldJob = NoticeJob & { toldAt: number };

/** By its id a notice is in its queue once, however often it is put there. */
function noticeJob(data: ToldJob): { jobId: string; data: ToldJob } {
  const { orderId, key } = awaited(data);
  return { jobId: `${orderId}-${key}`, data };
}

function awaited({ orderId, notice, paymentId, toldAt }: ToldJob): AwaitedNotice {
  return { orderId, key: noticeKey(notice, paymentId), toldAt };
}

/**
 * Hands jobs of the outbox to their queues; the row goes once the queue has it, that of a refund once the
 * refund is done.
 */
export function jobRelay(parts: RelayParts): () => Promise<void> {
  const { store, notices, refunds, hasPush = false, log } = parts;
  const relayBatch = () =>
    store.transaction(async (rows) => {
      const taken = await rows.outbox.takeJobs(batchMax);
      const unreadable: number[] = [];
      const jobs = taken.flatMap(({ id, payload, createdAt }) => {
        const parsed = jobSchema.safeParse(payload);
        if (!parsed.success) {
          log.error({ outboxId: id }, 'a job in the outbox is not readable; it is set aside');
          unreadable.push(id);
          return [];
        }
        return [{ id, data: parsed.data, createdAt }];
      });
      const noticeJobs = jobs.flatMap(({ data, createdAt }) =>
        data.kind === 'notice' ? [noticeJob({ ...data, toldAt: data.toldAt ?? createdAt })] : [],
      );
      const refundIds = jobs.flatMap(({ id, data }) => (data.kind === 'refund' ? [id] : []));
      const refundJobs = jobs.flatMap(({ id, data }) =>
        data.kind === 'refund' ? [queuedRefund(id, data)] : [],
      );
      const told = hasPush ? noticeJobs.flatMap(({ data }) => pushedOrder(data)) : [];
      await rows.places.tellOrders(told);
      if (noticeJobs.length > 0) {
        await rows.notices.register(noticeJobs.map(({ data }) => awaited(data)));
        await notices.add(noticeJobs);
      }
      if (refundJobs.length > 0) {
        await rows.outbox.keepRefunds(refundIds);
        await refunds.add(refundJobs);
      }
      const kept = [...unreadable, ...refundIds];
      const read = taken.map(({ id }) => id).filter((id) => !kept.includes(id));
      if (unreadable.length > 0) await rows.outbox.setAside(unreadable);
      if (read.length > 0) await rows.outbox.drop(read);
      return taken.length;
    });
  return async () => {
    // Not even begun while Redis is away, so that no transaction is held open for it.
    while (notices.ready() && refunds.ready() && (await relayBatch()) === batchMax);
  };
}

/** So long a notice has to run before anybody looks for it; and so old it is worth nothing any more. */
const looked = { youngestMs: 30_000, oldestMs: 8 * 24 * 3_600_000, limit: 1_000 } as const;

type LostParts = { store: Store; notices: JobQueue<NoticeJob>; clock: Clock };

/**
 * Puts notices that are not settled back into their queue, a thousand at a time in turn: whatever
 * Redis has lost is there again, and what it has stays as it is.
 */
export function lostNotices({ store, notices, clock }: LostParts): () => Promise<void> {
  let after: NoticeName | null = null;
  return async () => {
    if (!notices.ready()) return;
    const now = clock.now();
    const { youngestMs, oldestMs, limit } = looked;
    const times = { toldAfter: now - oldestMs, toldBefore: now - youngestMs };
    const rows = await store.notices.unsettled({ ...times, after, limit });
    const jobs = rows.flatMap(({ orderId, key, toldAt }) => {
      const named = noticeOfKey(key);
      return named === null ? [] : [noticeJob({ kind: 'notice', orderId, toldAt, ...named })];
    });
    if (jobs.length > 0) await notices.add(jobs);
    after = rows.length < limit ? null : (rows.at(-1) ?? null);
  };
}

/** Another worker is at this notice; the queue tries again later. */
export class NoticeUnderWay extends Error {
  constructor() {
    super('another worker is sending this notice');
    this.name = 'NoticeUnderWay';
  }
}

type SenderParts = {
  store: Store;
  mailer: Mailer;
  clock: Clock;
  log: Log;
  links: NoticeLinks;
};

export type NoticeOutcome = NoticeEnd | 'sent-before';

/**
 * Sends one notice, if it still helps whoever gets it. A crash between the mail and its note, or a mail
 * server whose answer is lost, sends it once more at most, under the same Message-ID. Rejects
 * where it should be tried again.
 */
export function noticeSender(parts: SenderParts): (job: NoticeJob) => Promise<NoticeOutcome> {
  const { store, clock, log, links } = parts;
  return async (job) => {
    const { notice, orderId, paymentId } = job;
    const key = noticeKey(notice, paymentId);
    const order = await store.notices.order(orderId);
    const mail = order === null ? null : noticeMail(notice, order, links, key);
    if (order === null || mail === null) {
      await store.notices.settle(orderId, key, 'no-address', clock.now());
      return 'no-address';
    }
    const claimedAt = clock.now();
    const claim = await store.notices.claim(orderId, key, claimedAt, claimStaleMs);
    if (claim === 'sent') return 'sent-before';
    if (claim === 'under-way') throw new NoticeUnderWay();
    let outcome: NoticeEnd;
    try {
      outcome = (await obstacle(parts, job, order)) ?? (await parts.mailer.send(mail));
    } catch (error) {
      await store.notices.unclaim(orderId, key, claimedAt).catch(() => {});
      throw error;
    }
    if (outcome === 'refused') log.warn({ orderId, notice }, 'the mail server refuses the mail');
    await settling(() => store.notices.settle(orderId, key, outcome, clock.now()));
    return outcome;
  };
}

/** Why a notice is not sent any more; undefined where nothing is against it. */
async function obstacle(
  { store, clock }: SenderParts,
  { notice, toldAt }: NoticeJob,
  order: NoticeOrder,
): Promise<'too-late' | 'unsubscribed' | undefined> {
  const now = clock.now();
  if (!isUseful(notice, order, { toldAt: toldAt ?? now, now })) return 'too-late';
  if (isReceipt(notice)) return undefined;
  const recipient = recipientDigest(order.saleId, order.email ?? '');
  const unsubscribedAt = await store.notices.unsubscribedAt(order.saleId, recipient);
  return unsubscribedAt === null ? undefined : 'unsubscribed';
}
