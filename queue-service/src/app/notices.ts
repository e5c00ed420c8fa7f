import type { Clock } from '@fairgate/shared/clock.ts';
import { z } from 'zod';
import { noticeKey, noticeKinds, noticeMail } from '../domain/notice.ts';
import type { JobQueue, Log, Mailer, NoticeJob, RefundJob, Store } from './ports.ts';
import { refundJobSchema } from './refunds.ts';

/** outbox row → BullMQ job → claim → mail → sent. Each step may run twice; its effect may not. */
export const noticeJobSchema = z.object({
  kind: z.literal('notice'),
  notice: z.enum(noticeKinds),
  orderId: z.string().min(1).max(100),
  paymentId: z.string().min(1).max(100).optional(),
});

const batchMax = 100;
/** Longer than the mailer's own deadlines together: whoever had the claim is gone by then. */
const claimStaleMs = 60_000;

const jobSchema = z.discriminatedUnion('kind', [noticeJobSchema, refundJobSchema]);

type RelayParts = {
  store: Store;
  notices: JobQueue<NoticeJob>;
  refunds: JobQueue<RefundJob>;
  log: Log;
};

/** Hands jobs of the outbox to their queues; the row goes once the queue has it. */
export function jobRelay({ store, notices, refunds, log }: RelayParts): () => Promise<void> {
  const relayBatch = () =>
    store.transaction(async (rows) => {
      const taken = await rows.outbox.takeJobs(batchMax);
      const unreadable: number[] = [];
      const jobs = taken.flatMap(({ id, payload }) => {
        const parsed = jobSchema.safeParse(payload);
        if (!parsed.success) {
          log.error({ outboxId: id }, 'a job in the outbox is not readable; it is set aside');
          unreadable.push(id);
          return [];
        }
        return [{ jobId: `o${id}-${parsed.data.orderId}`, data: parsed.data }];
      });
      const noticeJobs = jobs.flatMap(({ jobId, data }) =>
        data.kind === 'notice' ? [{ jobId, data }] : [],
      );
      const refundJobs = jobs.flatMap(({ jobId, data }) =>
        data.kind === 'refund' ? [{ jobId, data }] : [],
      );
      if (noticeJobs.length > 0) await notices.add(noticeJobs);
      if (refundJobs.length > 0) await refunds.add(refundJobs);
      const read = taken.map(({ id }) => id).filter((id) => !unreadable.includes(id));
      if (unreadable.length > 0) await rows.outbox.setAside(unreadable);
      if (read.length > 0) await rows.outbox.drop(read);
      return taken.length;
    });
  return async () => {
    // Not even begun while Redis is away, so that no transaction is held open for it.
    while (notices.ready() && refunds.ready() && (await relayBatch()) === batchMax);
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
  publicOrigin: string;
};

export type NoticeOutcome = 'sent' | 'sent-before' | 'no-address' | 'refused';

/**
 * Sends one notice. A crash between the mail and its note sends it a second time at most, under
 * the same Message-ID. Rejects where it should be tried again.
 */
export function noticeSender(parts: SenderParts): (job: NoticeJob) => Promise<NoticeOutcome> {
  const { store, mailer, clock, log, publicOrigin } = parts;
  return async ({ notice, orderId, paymentId }) => {
    const key = noticeKey(notice, paymentId);
    const order = await store.notices.order(orderId);
    const mail = order === null ? null : noticeMail(notice, order, publicOrigin, key);
    if (mail === null) return 'no-address';
    const claim = await store.notices.claim(orderId, key, clock.now(), claimStaleMs);
    if (claim === 'sent') return 'sent-before';
    if (claim === 'under-way') throw new NoticeUnderWay();
    try {
      const outcome = await mailer.send(mail);
      if (outcome === 'refused') log.warn({ orderId, notice }, 'the mail server refuses the mail');
      await store.notices.sent(orderId, key, clock.now());
      return outcome;
    } catch (error) {
      await store.notices.unclaim(orderId, key).catch(() => {});
      throw error;
    }
  };
}
