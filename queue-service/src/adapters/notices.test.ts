import { orders } from '@fairgate/shared/db/schema.ts';
import { noticeOptouts, notices, outbox } from '@fairgate/shared/db/schema-records.ts';
import { recipientDigest } from '@fairgate/shared/notices/unsubscribing.ts';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { anOrder, aSale, type Service, silent, testService } from '../../test/fixture.ts';
import { catchingServer } from '../../test/smtp-servers.ts';
import { jobRelay, noticeJobSchema, noticeSender } from '../app/notices.ts';
import type { Mailer, NoticeJob } from '../app/ports.ts';
import { jobQueue, jobWorker } from './bullmq.ts';
import { smtpMailer } from './mail.ts';
import { failFastRedis, patientRedis } from './redis.ts';

/** A queue that nothing is put into here. */
const ready = { ready: () => true, add: () => Promise.reject(new Error('no refunds here')) };

let service: Service;
let order: { saleId: string; productId: string; orderId: string };
let server: Awaited<ReturnType<typeof catchingServer>>;
let mailer: ReturnType<typeof smtpMailer>;

beforeEach(async () => {
  service = await testService();
  const sale = await aSale(service, { publish: true });
  const made = await anOrder(service, { ...sale, jti: 'j1', state: 'paid' });
  order = { ...sale, orderId: made.orderId };
  server = await catchingServer();
  mailer = smtpMailer({ url: server.url, from: 'Fairgate <shop@example.org>', dkim: null });
});
afterEach(() => mailer.close());

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
    expect(server.caught).toHaveLength(1);
    expect(server.caught[0]).toMatchObject({
      to: 'shopper@example.org',
      id: `<${order.orderId}.order-paid@fairgate>`,
    });
    expect(server.caught[0]?.text).toContain(
      `https://shop.example/checkout/orders/${order.orderId}`,
    );
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
    expect(server.caught.map(({ id }) => id)).toEqual([
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
    expect(server.caught).toHaveLength(1);
  });

  it('that arrived is not sent again where noting it fails for a moment', async () => {
    const { store, clock } = service;
    let failures = 0;
    const settle: typeof store.notices.settle = async (...args) => {
      failures += 1;
      if (failures <= 2) throw new Error('Postgres is away');
      await store.notices.settle(...args);
    };
    const failing = { ...store, notices: { ...store.notices, settle } };
    const links = { publicOrigin: 'https://shop.example', unsubscribe: () => '' };
    const send = noticeSender({ store: failing, mailer, clock, log: silent, links });
    expect(await send(paid())).toBe('sent');
    expect(await sender()(paid())).toBe('sent-before');
    expect(server.caught).toHaveLength(1);
  });

  it('is tried again at once after a failure, and not after it arrived', async () => {
    server.state.refuseWith = 451;
    await expect(sender()(paid())).rejects.toThrow();
    server.state.refuseWith = null;
    expect(await sender()(paid())).toBe('sent');
    expect(server.caught).toHaveLength(1);
  });

  it('is given up where the server will never take it', async () => {
    server.state.refuseWith = 550;
    expect(await sender()(paid())).toBe('refused');
    server.state.refuseWith = null;
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

  it('that helps nobody any more is settled, and not sent', async () => {
    const { saleId, productId } = order;
    const unpaid = await anOrder(service, {
      ...{ saleId, productId, jti: 'j2' },
      state: 'awaiting_payment',
    });
    const job = { kind: 'notice', notice: 'order-placed', orderId: unpaid.orderId } as const;
    const week = 7 * 24 * 3_600_000;
    await service.pass(300_000);
    expect(await sender()({ ...job, toldAt: service.clock.now() })).toBe('too-late');
    const toldAt = service.clock.now() - week;
    expect(await sender()({ ...paid(), toldAt })).toBe('too-late');
    expect(server.caught).toEqual([]);
    expect(await sender()({ ...paid(), toldAt: service.clock.now() })).toBe('sent-before');
    const rows = await service.database.db.select().from(notices);
    expect(rows.map(({ outcome }) => outcome)).toEqual(['too-late', 'too-late']);
  });

  it('of a declined payment is sent while the order awaits another one', async () => {
    const { saleId, productId } = order;
    const state = 'awaiting_payment';
    const { orderId } = await anOrder(service, { saleId, productId, jti: 'j2', state });
    const told = (paymentId: string): NoticeJob => {
      return { kind: 'notice', notice: 'payment-failed', orderId, paymentId };
    };
    const { db } = service.database;
    await db.update(orders).set({ failure: 'card_declined' });
    expect(await sender()(told('pay_1'))).toBe('sent');
    expect(server.caught[0]?.text).toContain('you can pay again');
    await db.update(orders).set({ failure: null, state: 'paid' });
    expect(await sender()(told('pay_2'))).toBe('too-late');
  });

  it('goes to nobody who wants no more of the sale, but that of money does', async () => {
    const { orderId, saleId } = order;
    const recipient = recipientDigest(saleId, 'Shopper@Example.org');
    await service.database.db.insert(noticeOptouts).values({ saleId, recipient });
    expect(await sender()({ kind: 'notice', notice: 'order-cancelled', orderId })).toBe(
      'unsubscribed',
    );
    expect(await sender()(paid())).toBe('sent');
    expect(server.caught).toHaveLength(1);
  });

  it('is in the language that the order keeps', async () => {
    await service.database.db.update(orders).set({ language: 'ar' });
    expect(await sender()(paid())).toBe('sent');
    expect(server.caught[0]?.html).toContain('<html lang="ar" dir="rtl">');
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
    expect(server.caught).toEqual([]);
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
    await vi.waitFor(() => expect(done).toEqual(['sent']), { timeout: 8_000 });
    expect(server.caught.map(({ id }) => id)).toEqual([
      `<${order.orderId}.order-paid.pay_1@fairgate>`,
    ]);
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
