import { outbox } from '@fairgate/shared/db/schema-records.ts';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { z } from 'zod';
import { anOrder, aSale, type Service, silent, testService } from '../../test/fixture.ts';
import { brokenServer, catchingServer, politeUntil } from '../../test/smtp-servers.ts';
import { jobRelay, lostNotices, noticeJobSchema, noticeSender } from '../app/notices.ts';
import type { NoticeJob } from '../app/ports.ts';
import { jobQueue, jobWorker, patientPauseMs, untilTooLate } from './bullmq.ts';
import { smtpMailer } from './mail.ts';
import { failFastRedis, patientRedis } from './redis.ts';

/** Orders with a notice each, as the relay would put it into the queue. */
async function someOrders(service: Service, count: number) {
  const sale = await aSale(service, { publish: true }, { stock: count });
  const jobs: { jobId: string; data: NoticeJob }[] = [];
  for (let i = 0; i < count; i += 1) {
    const { orderId } = await anOrder(service, { ...sale, jti: `j${i}`, state: 'paid' });
    const toldAt = service.clock.now();
    const data = { kind: 'notice', notice: 'order-paid', orderId, toldAt } as const;
    jobs.push({ jobId: `o${i}-${orderId}`, data });
  }
  return jobs;
}

async function queueAlone(service: Service) {
  const redis = failFastRedis(service.redisUrl, 'jobs', silent);
  const queue = jobQueue<NoticeJob>('fairgate-notices', redis, untilTooLate);
  onTestFinished(async () => {
    await queue.close();
    redis.disconnect();
  });
  await vi.waitFor(() => expect(queue.ready()).toBe(true));
  return { queue };
}

/** The queue and its worker, over a mail server at `url`. */
async function atWork(service: Service, url: string, sendMs?: number) {
  const mailer = smtpMailer({
    ...{ url, from: 'shop@example.org', dkim: null },
    ...(sendMs === undefined ? {} : { sendMs }),
  });
  const jobsRedis = failFastRedis(service.redisUrl, 'jobs', silent);
  const workRedis = patientRedis(service.redisUrl, 'work', silent);
  const queue = jobQueue<NoticeJob>('fairgate-notices', jobsRedis, untilTooLate);
  const outcomes: string[] = [];
  const links = { publicOrigin: 'https://shop.example', unsubscribe: () => 'https://x.example/' };
  const { store, clock } = service;
  const worker = jobWorker('fairgate-notices', workRedis, {
    schema: noticeJobSchema,
    run: noticeSender({ store, mailer, clock, log: silent, links }),
    onDone: (outcome) => outcomes.push(outcome),
    log: silent,
  });
  onTestFinished(async () => {
    await worker.close();
    await queue.close();
    mailer.close();
    for (const redis of [jobsRedis, workRedis]) redis.disconnect();
  });
  await vi.waitFor(() => expect(queue.ready()).toBe(true));
  return { queue, outcomes };
}

const patience = { timeout: 20_000, interval: 50 };

describe('a mail server', () => {
  it('that is down for a while loses nothing, and nothing arrives twice', async () => {
    const service = await testService();
    const down = await catchingServer();
    await down.close();
    const { queue, outcomes } = await atWork(service, down.url);
    const jobs = await someOrders(service, 8);
    await queue.add(jobs);
    await vi.waitFor(() => {
      expect(outcomes.filter((one) => one === 'failed').length).toBeGreaterThan(12);
    }, patience);
    const back = await catchingServer(Number(new URL(down.url).port));
    await vi.waitFor(() => {
      expect(outcomes.filter((one) => one === 'sent')).toHaveLength(8);
    }, patience);
    const ids = jobs.map(({ data }) => `<${data.orderId}.order-paid@fairgate>`);
    expect(back.caught.map(({ id }) => id).sort()).toEqual(ids.sort());
  }, 60_000);

  it('that refuses for now is asked again, and one that refuses for good is not', async () => {
    const service = await testService();
    const server = await catchingServer();
    server.state.refuseWith = 451;
    const { queue, outcomes } = await atWork(service, server.url);
    const [first, second] = await someOrders(service, 2);
    if (!first || !second) throw new Error('no jobs');
    await queue.add([first]);
    await vi.waitFor(() => expect(outcomes).toEqual(['failed', 'failed']), patience);
    server.state.refuseWith = null;
    await vi.waitFor(() => expect(outcomes.at(-1)).toBe('sent'), patience);
    server.state.refuseWith = 550;
    await queue.add([second]);
    await vi.waitFor(() => expect(outcomes.at(-1)).toBe('refused'), patience);
    expect(server.caught).toHaveLength(1);
  }, 60_000);

  it('that takes mails and hangs slows no other queue, however many wait for it', async () => {
    const service = await testService();
    // The mail was taken, and nobody says so: the worst that a server can do.
    const server = await brokenServer(politeUntil(() => undefined));
    const { queue, outcomes } = await atWork(service, server.url, 3_000);
    await queue.add(await someOrders(service, 12));
    await vi.waitFor(() => expect(server.counts.opened).toBe(5), patience);
    const done = await otherJobs(service, 200);
    expect(done).toBe(200);
    expect(outcomes).toEqual([]);
    // And the API, over the same Postgres and Redis, answers.
    expect((await service.call('GET', '/v1/orders')).status).toBe(200);
  }, 60_000);
});

/** Runs jobs of another queue through the same Redis, and answers how many were done. */
async function otherJobs(service: Service, count: number): Promise<number> {
  const add = failFastRedis(service.redisUrl, 'jobs', silent);
  const work = patientRedis(service.redisUrl, 'work', silent);
  const queue = jobQueue<{ kind: 'other' }>('fairgate-refunds', add);
  let done = 0;
  const worker = jobWorker('fairgate-refunds', work, {
    schema: z.object({ kind: z.literal('other') }),
    run: async () => 'done',
    onDone: () => {
      done += 1;
    },
    log: silent,
  });
  await vi.waitFor(() => expect(queue.ready()).toBe(true));
  await queue.add(
    Array.from({ length: count }, (_, i) => ({ jobId: `r${i}`, data: { kind: 'other' } })),
  );
  await vi.waitFor(() => expect(done).toBe(count), { timeout: 2_500, interval: 20 });
  await worker.close();
  await queue.close();
  for (const redis of [add, work]) redis.disconnect();
  return done;
}

it('a Redis that loses the queue loses no notice, and makes none of them two', async () => {
  const service = await testService();
  const { db } = service.database;
  const [first, second] = await someOrders(service, 2);
  if (!first || !second) throw new Error('no orders');
  const { store, clock } = service;
  const refunds = { ready: () => true, add: () => Promise.reject(new Error('no refunds here')) };
  const { queue: unworked } = await queueAlone(service);
  const relay = jobRelay({ store, notices: unworked, refunds, log: silent });
  const rows = [first, second].map(({ data }) => ({
    topic: 'job' as const,
    saleId: 'sale_1',
    payload: data,
    createdAt: new Date(clock.now()),
  }));
  await db.insert(outbox).values(rows);
  await relay();
  await service.redis.flushall();
  await service.setClock();

  const server = await catchingServer();
  const { queue, outcomes } = await atWork(service, server.url);
  const findLost = lostNotices({ store, notices: queue, clock });
  // One that is on its way is nobody's to look for yet.
  await findLost();
  await service.pass(31_000);
  await Promise.all([findLost(), findLost()]);
  await vi.waitFor(() => expect(outcomes).toEqual(['sent', 'sent']), patience);
  await service.redis.flushall();
  await service.setClock();
  await findLost();
  await queue.add([first]);
  await vi.waitFor(() => expect(outcomes).toEqual(['sent', 'sent', 'sent-before']), patience);
  expect(server.caught).toHaveLength(2);
}, 60_000);

describe('the pauses of a notice', () => {
  const half = (attempt: number) => patientPauseMs(attempt, () => 0);
  const whole = (attempt: number) => patientPauseMs(attempt, () => 1);

  it('double from a second to a quarter of an hour, each from half of it on', () => {
    expect([1, 2, 3, 4].map(whole)).toEqual([1_000, 2_000, 4_000, 8_000]);
    expect([1, 2, 3, 4].map(half)).toEqual([500, 1_000, 2_000, 4_000]);
    expect([11, 50, 1_499].map(whole)).toEqual([900_000, 900_000, 900_000]);
  });

  it('outlast all that a notice is worth', () => {
    let ms = 0;
    for (let attempt = 1; attempt < Number(untilTooLate.attempts); attempt += 1)
      ms += half(attempt);
    expect(ms).toBeGreaterThan(7 * 24 * 3_600_000);
  });
});
