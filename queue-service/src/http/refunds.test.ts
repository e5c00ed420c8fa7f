import { describe, expect, it, onTestFinished } from 'vitest';
import { anOrder, aSale, testService } from '../../test/fixture.ts';
import type { Checkouts, RefundReply } from '../app/ports.ts';

/** A service, an order, and what the checkouts answer about it; `asked` are their calls. */
async function withOrder(reply: RefundReply = { kind: 'refunded' }) {
  const asked: { orderId: string; actor: string; reason: string | null }[] = [];
  const checkouts: Checkouts = {
    async refund(orderId, by) {
      asked.push({ orderId, ...by });
      return reply;
    },
  };
  const service = await testService(onTestFinished, checkouts);
  const sale = await aSale(service, { publish: true });
  const { orderId } = await anOrder(service, { ...sale, jti: 'j', state: 'paid' });
  const refund = (body?: unknown, id = orderId) =>
    service.call('POST', `/v1/orders/${id}/refund`, body);
  return { service, asked, orderId, refund };
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
