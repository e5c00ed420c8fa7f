import { notices, outbox } from '@fairgate/shared/db/schema-records.ts';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { simpleParser } from 'mailparser';
import { SMTPServer } from 'smtp-server';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { anOrder, aSale, type Service, silent, testService } from '../../test/fixture.ts';
import { jobRelay, noticeJobSchema, noticeSender } from '../app/notices.ts';
import type { Mailer, NoticeJob } from '../app/ports.ts';
import { jobQueue, jobWorker } from './bullmq.ts';
import { smtpMailer } from './mail.ts';
import { failFastRedis, patientRedis } from './redis.ts';

type Caught = { to: string | undefined; subject: string | undefined; text: string; id: string };

/** A queue that nothing is put into here. */
const ready = { ready: () => true, add: () => Promise.reject(new Error('no refunds here')) };

let service: Service;
let order: { saleId: string; productId: string; orderId: string };
let caught: Caught[];
let refuseWith: number | null;
let smtp: SMTPServer;
let mailer: ReturnType<typeof smtpMailer>;

beforeEach(async () => {
  service = await testService();
  const sale = await aSale(service, { publish: true });
  const made = await anOrder(service, { ...sale, jti: 'j1', state: 'paid' });
  order = { ...sale, orderId: made.orderId };
  caught = [];
  refuseWith = null;
  smtp = smtpServer();
  await new Promise<void>((resolve) => smtp.listen(0, '127.0.0.1', resolve));
  const address = smtp.server.address();
  const port = typeof address === 'object' ? address?.port : 0;
  mailer = smtpMailer(`smtp://127.0.0.1:${port}`, 'Fairgate <shop@example.org>');
});
afterEach(async () => {
  mailer.close();
  await new Promise<void>((resolve) => smtp.close(resolve));
});

function smtpServer(): SMTPServer {
  return new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onRcptTo(_address, _session, done) {
      if (refuseWith === null) return done();
      done(Object.assign(new Error('no'), { responseCode: refuseWith }));
    },
    onData(stream, _session, done) {
      simpleParser(stream).then((mail) => {
        const to = Array.isArray(mail.to) ? undefined : mail.to?.text;
        const { subject, text = '', messageId: id = '' } = mail;
        caught.push({ to, subject, text, id });
        done();
      }, done);
    },
  });
}

function sender(other: Mailer = mailer) {
  const { store, clock } = service;
  const unsubscribe = ({ saleId }: { saleId: string }) => `https://shop.example/stop/${saleId}`;
  const links = { publicOrigin: 'https://shop.example', unsubscribe };
  return noticeSender({ store, mailer: other, clock, log: silent, links });
}

const paid = (): NoticeJob => ({ kind: 'notice', notice: 'order-paid', orderId: order.orderId });

describe('a notice', () => {
  it('is mailed once, however often its job runs', async () => {
    const send = sender();
    expect(await send(paid())).toBe('sent');
    expect(await send(paid())).toBe('sent-before');
    expect(caught).toHaveLength(1);
    expect(caught[0]).toMatchObject({
      to: 'shopper@example.org',
      id: `<${order.orderId}.order-paid@fairgate>`,
    });
    expect(caught[0]?.text).toContain(`https://shop.example/checkout/orders/${order.orderId}`);
  });

  it('about a payment that goes back is mailed once for each payment', async () => {
    const send = sender();
    const back = (paymentId: string): NoticeJob => {
      const { orderId } = order;
      return { kind: 'notice', notice: 'payment-refunded', orderId, paymentId };
    };
    const outcomes = [];
    for (const id of ['pay_1', 'pay_2', 'pay_1', 'pay_2']) outcomes.push(await send(back(id)));
    expect(outcomes).toEqual(['sent', 'sent', 'sent-before', 'sent-before']);
    expect(caught.map(({ id }) => id)).toEqual([
      `<${order.orderId}.payment-refunded.pay_1@fairgate>`,
      `<${order.orderId}.payment-refunded.pay_2@fairgate>`,
    ]);
  });

  it('is mailed once by two workers at the same time', async () => {
    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    const send = sender({ send: (mail) => gate.then(() => mailer.send(mail)) });
    const both = [send(paid()), send(paid())];
    // The one that has the claim waits at the gate, so the other is the first to end.
    await expect(Promise.race(both)).rejects.toThrow('another worker');
    open();
    const results = await Promise.allSettled(both);
    expect(results.map((result) => result.status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(caught).toHaveLength(1);
  });

  it('is tried again at once after a failure, and not after it arrived', async () => {
    refuseWith = 451;
    await expect(sender()(paid())).rejects.toThrow();
    refuseWith = null;
    expect(await sender()(paid())).toBe('sent');
    expect(caught).toHaveLength(1);
  });

  it('is given up where the server will never take it', async () => {
    refuseWith = 550;
    expect(await sender()(paid())).toBe('refused');
    refuseWith = null;
    expect(await sender()(paid())).toBe('sent-before');
  });

  it('whose worker died is taken over after a while', async () => {
    const dead = sender({ send: () => new Promise(() => {}) });
    void dead(paid());
    await vi.waitFor(async () => {
      expect(await service.database.db.select().from(notices)).toHaveLength(1);
    });
    await expect(sender()(paid())).rejects.toThrow('another worker');
    await service.pass(61_000);
    expect(await sender()(paid())).toBe('sent');
  });

  it('of an order without an address, or of no order, is nothing', async () => {
    const { saleId, productId } = order;
    const silentOrder = await anOrder(
      service,
      { saleId, productId, jti: 'j2', state: 'paid' },
      null,
    );
    expect(await sender()({ ...paid(), orderId: silentOrder.orderId })).toBe('no-address');
    expect(await sender()({ ...paid(), orderId: 'ord_none' })).toBe('no-address');
    expect(caught).toEqual([]);
  });
});

describe('the way of a job', () => {
  it('from the outbox through the queue to one mail, though it is there twice', async () => {
    const { db } = service.database;
    const payload = { ...paid(), paymentId: 'pay_1' };
    // The service's clock, and not Postgres', says what is too late.
    const createdAt = new Date(service.clock.now());
    const row = { topic: 'job' as const, saleId: order.saleId, payload, createdAt };
    const broken = { ...row, payload: { kind: 'notice', notice: 'nonsense' } };
    await db.insert(outbox).values([row, broken, row, { ...row, topic: 'room' }]);
    const jobsRedis = failFastRedis(service.redisUrl, 'jobs', silent);
    const workRedis = patientRedis(service.redisUrl, 'work', silent);
    const queue = jobQueue<NoticeJob>('fairgate-notices', jobsRedis);
    const done: string[] = [];
    const worker = jobWorker('fairgate-notices', workRedis, {
      schema: noticeJobSchema,
      run: sender(),
      onDone: (outcome) => done.push(outcome),
      log: silent,
    });
    const relay = jobRelay({ store: service.store, notices: queue, refunds: ready, log: silent });
    await vi.waitFor(() => expect(queue.ready()).toBe(true));
    await Promise.all([relay(), relay()]);
    await vi.waitFor(() => expect(done).toHaveLength(2), { timeout: 8_000 });
    expect(caught.map(({ id }) => id)).toEqual([`<${order.orderId}.order-paid.pay_1@fairgate>`]);
    const left = await db.select().from(outbox);
    expect(left.map((entry) => entry.topic).sort()).toEqual(['refused', 'room']);
    await worker.close();
    await queue.close();
    jobsRedis.disconnect();
    workRedis.disconnect();
  });

  it('waits in the outbox while the queue cannot be reached', async () => {
    const { db } = service.database;
    await db.insert(outbox).values({ topic: 'job', saleId: order.saleId, payload: { ...paid() } });
    const away = failFastRedis('redis://127.0.0.1:1', 'away', silent);
    const queue = jobQueue<NoticeJob>('fairgate-notices', away);
    await jobRelay({ store: service.store, notices: queue, refunds: ready, log: silent })();
    const failing = { ready: () => true, add: () => Promise.reject(new Error('gone')) };
    const relay = jobRelay({ store: service.store, notices: failing, refunds: ready, log: silent });
    await expect(relay()).rejects.toThrow('gone');
    expect(await db.select().from(outbox)).toHaveLength(1);
    await queue.close().catch(() => {});
    away.disconnect();
  });

  it('that was added twice is one job', async () => {
    const redis = failFastRedis(service.redisUrl, 'jobs', silent);
    const queue = jobQueue<NoticeJob>('fairgate-notices', redis);
    await vi.waitFor(() => expect(queue.ready()).toBe(true));
    const job = { jobId: `o1-${order.orderId}`, data: paid() };
    await queue.add([job]);
    await queue.add([job]);
    const plain = new Redis(service.redisUrl, { maxRetriesPerRequest: null });
    const reader = new Queue('fairgate-notices', { connection: plain, prefix: '{fairgate}' });
    expect(await reader.count()).toBe(1);
    await reader.close();
    await queue.close();
    plain.disconnect();
    redis.disconnect();
  });
});
