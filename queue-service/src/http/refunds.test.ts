import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { anOrder, aSale, silent, testService } from '../../test/fixture.ts';
import { jobQueue, jobWorker, untilRefunded } from '../adapters/bullmq.ts';
import { failFastRedis, patientRedis } from '../adapters/redis.ts';
import { jobRelay } from '../app/notices.ts';
import type { Checkouts, NoticeJob, RefundJob, RefundReply } from '../app/ports.ts';
import { lostRefunds, refundJobSchema, refundSender } from '../app/refunds.ts';

/** A service, an order, and what the checkouts answer about it; `asked` are their calls. */
async function withOrder(reply: RefundReply = { kind: 'refunded' }) {
  const asked: { orderId: string; actor: string; reason: string | null }[] = [];
  const checkouts: Checkouts = {
    async refund(orderId, by) {
      asked.push({ orderId, ...by });
      return reply;
    },
    report: async () => ({ kind: 'unavailable', cause: 'not asked here' }),
  };
  const service = await testService(onTestFinished, checkouts);
  const sale = await aSale(service, { publish: true });
  const { orderId } = await anOrder(service, { ...sale, jti: 'j', state: 'paid' });
  const refund = (body?: unknown, id = orderId) =>
    service.call('POST', `/v1/orders/${id}/refund`, body);
  return { service: { ...service, checkouts }, asked, ...sale, orderId, refund };
}

describe('a refund by an admin', () => {
  it('is the checkout’s to do, in the name of the key, and answers the order', async () => {
    const { asked, orderId, refund } = await withOrder();
    const answer = await refund({ reason: 'rain', confirm: 'Pens' });
    expect(answer).toMatchObject({ status: 200, body: { id: orderId, number: 1 } });
    expect(asked).toMatchObject([{ orderId, reason: 'rain' }]);
    expect(asked[0]?.actor).toMatch(/^key:key_/);
    expect((await refund()).status).toBe(200);
  });

  it('is not done under another name than the sale’s', async () => {
    const { asked, refund } = await withOrder();
    expect((await refund({ confirm: 'Pencils' })).status).toBe(409);
    expect((await refund({ because: 'x' })).status).toBe(400);
    expect((await refund({}, 'ord_nothing')).status).toBe(404);
    expect(asked).toEqual([]);
  });

  it('of an order that is not paid is 409, and says what it is', async () => {
    const detail = 'The order is expired; only a paid one is refunded.';
    const { refund } = await withOrder({ kind: 'refused', detail });
    expect(await refund()).toMatchObject({ status: 409, body: { detail } });
  });

  it('is 503 where no checkout answers', async () => {
    const { refund } = await withOrder({ kind: 'unavailable', cause: 'away' });
    const answer = await refund();
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).not.toBeNull();
  });

  it('needs an operator', async () => {
    const { service, orderId } = await withOrder();
    const made = await service.call('POST', '/v1/api-keys', { name: 'v', role: 'viewer' });
    const headers = { authorization: `Bearer ${made.body.key}` };
    const answer = await service.call('POST', `/v1/orders/${orderId}/refund`, {}, headers);
    expect(answer.status).toBe(403);
  });
});

describe('a refund of a whole sale', () => {
  it('is asked for by its name, once it is closed, by an admin', async () => {
    const { service, saleId } = await withOrder();
    const path = `/v1/sales/${saleId}/refund-all`;
    expect((await service.call('POST', path)).status).toBe(409);
    await service.call('POST', `/v1/sales/${saleId}/close`);
    expect((await service.call('POST', path, { confirm: 'Pencils' })).status).toBe(409);
    const stale = { 'if-match': '"v99"' };
    expect((await service.call('POST', path, {}, stale)).status).toBe(412);
    const made = await service.call('POST', '/v1/api-keys', { name: 'o', role: 'operator' });
    const headers = { authorization: `Bearer ${made.body.key}` };
    expect((await service.call('POST', path, {}, headers)).status).toBe(403);
    expect(await service.database.sql`select * from outbox`).toEqual([]);
  });

  it('refunds every paid order as a job, in the name of who asked', async () => {
    const { service, asked, saleId, productId, orderId } = await withOrder();
    const second = await anOrder(service, { saleId, productId, jti: 'k', state: 'paid' });
    await anOrder(service, { saleId, productId, jti: 'l', state: 'awaiting_payment' });
    await service.call('POST', `/v1/sales/${saleId}/close`);
    const wish = { confirm: 'Pens', reason: 'rain' };
    const answer = await service.call('POST', `/v1/sales/${saleId}/refund-all`, wish);
    expect(answer).toMatchObject({ status: 200, body: { id: saleId, orders: 2 } });
    const failFast = failFastRedis(service.redisUrl, 'jobs', silent);
    const patient = patientRedis(service.redisUrl, 'work', silent);
    const notices = jobQueue<NoticeJob>('fairgate-notices', failFast);
    const refunds = jobQueue<RefundJob>('fairgate-refunds', failFast);
    const worker = jobWorker('fairgate-refunds', patient, {
      schema: refundJobSchema,
      run: refundSender(service.checkouts, service.store),
      onDone: () => {},
      log: silent,
    });
    await vi.waitFor(() => expect(refunds.ready()).toBe(true));
    await jobRelay({ store: service.store, notices, refunds, log: silent })();
    await vi.waitFor(() => expect(asked).toHaveLength(2), { timeout: 8_000 });
    expect(asked.map((one) => one.orderId).sort()).toEqual([orderId, second.orderId].sort());
    expect(asked[0]).toMatchObject({ actor: expect.stringMatching(/^key:/), reason: 'rain' });
    await vi.waitFor(async () => {
      expect(await service.database.sql`select from outbox`).toHaveLength(0);
    });
    await worker.close();
    await Promise.all([notices.close(), refunds.close()]);
    failFast.disconnect();
    patient.disconnect();
  });

  it('is done though the checkouts are away and the jobs’ Redis loses everything', async () => {
    const { service, saleId, orderId } = await withOrder();
    await service.call('POST', `/v1/sales/${saleId}/close`);
    const path = `/v1/sales/${saleId}/refund-all`;
    await service.call('POST', path, { confirm: 'Pens' });
    const failFast = failFastRedis(service.redisUrl, 'jobs', silent);
    const notices = jobQueue<NoticeJob>('fairgate-notices', failFast);
    const refunds = jobQueue<RefundJob>('fairgate-refunds', failFast, untilRefunded);
    await vi.waitFor(() => expect(refunds.ready()).toBe(true));
    await jobRelay({ store: service.store, notices, refunds, log: silent })();
    const [job] = await refunds.queue.getJobs();
    // More than a week of attempts, as a mail has.
    expect(job?.opts).toMatchObject({ attempts: 1_500, backoff: { type: 'patient' } });
    // Ordered again, it is not there twice.
    await service.call('POST', path, { confirm: 'Pens' });
    expect(await service.database.sql`select from outbox`).toHaveLength(1);
    const away: Checkouts = {
      ...service.checkouts,
      refund: async () => ({ kind: 'unavailable', cause: 'away' }),
    };
    const data = refundJobSchema.parse(job?.data);
    await expect(refundSender(away, service.store)(data)).rejects.toThrow('no checkout');
    await refunds.queue.obliterate({ force: true });
    await lostRefunds({ store: service.store, refunds })();
    const found = (await refunds.queue.getJobs()).map((one) => refundJobSchema.parse(one.data));
    expect(found).toMatchObject([{ orderId }]);
    for (const one of found) await refundSender(service.checkouts, service.store)(one);
    expect(await service.database.sql`select from outbox`).toHaveLength(0);
    await Promise.all([notices.close(), refunds.close()]);
    failFast.disconnect();
  });
});
