import { beforeEach, describe, expect, it, vi } from 'vitest';
import { isSignedBy, webhookReceiver } from '../../../e2e/support/webhook-receiver.ts';
import { anOrder, aSale, iso, type Service, startMs, testService } from '../../test/fixture.ts';
import { type WebhookRig, webhookRig } from '../../test/webhook-rig.ts';
import type { WebhookType } from '../domain/webhook-events.ts';
import { payloadOf } from '../http/webhook-payloads.ts';

let service: Service;
let rig: WebhookRig;
let shop: Awaited<ReturnType<typeof webhookReceiver>>;

beforeEach(async () => {
  service = await testService();
  rig = await webhookRig(service);
  shop = await webhookReceiver();
});

const onSale = async () => await aSale(service, { publish: true, startsAt: iso(startMs) });
let orders = 0;
async function paidOrder(sale: { saleId: string; productId: string }) {
  orders += 1;
  return await anOrder(service, { ...sale, jti: `w${orders}`, state: 'paid' });
}

describe('a shop', () => {
  it('is told what happened, each thing once, however many instances look', async () => {
    const { secret } = await rig.addHook(shop.url);
    const other = await webhookRig(service);
    const sale = await onSale();
    const { orderId, unitId } = await paidOrder(sale);
    await Promise.all([rig.keeper.tell(), other.keeper.tell()]);
    await Promise.all([rig.keeper.hand(), other.keeper.hand()]);
    await rig.until(() => expect(shop.all.length).toBeGreaterThanOrEqual(3));
    await Promise.all([rig.keeper.hand(), other.keeper.hand()]);
    expect(shop.types().sort()).toEqual(['order.paid', 'order.placed', 'sale.opened']);
    expect(new Set(shop.all.map(({ id }) => id)).size).toBe(3);
    expect(shop.all.every((received) => isSignedBy(secret, received))).toBe(true);
    const told = (type: string) => shop.all.find(({ event }) => event.type === type)?.event.data;
    expect(told('order.paid')).toEqual({
      order: {
        id: orderId,
        saleId: sale.saleId,
        number: 1,
        state: 'paid',
        items: [{ productId: sale.productId, quantity: 1, unitPriceMinor: 1_250, units: [unitId] }],
        totalMinor: 1_250,
        currency: 'EUR',
        payBefore: iso(startMs + 300_000),
        createdAt: expect.any(String),
        paidAt: expect.any(String),
      },
    });
    expect(told('order.placed')).toMatchObject({ order: { state: 'awaiting_payment' } });
    expect(told('sale.opened')).toMatchObject({ sale: { id: sale.saleId, name: 'Pens' } });
    expect(JSON.stringify(shop.all)).not.toContain('shopper@example.org');
    for (const { event } of shop.all) payloadOf(event.type as WebhookType).parse(event);
  });

  it('hears of the types that it asked for, and of nothing from before', async () => {
    const sale = await onSale();
    await paidOrder(sale);
    await rig.addHook(shop.url, { eventTypes: ['order.paid'] });
    await paidOrder(sale);
    await rig.until(() => expect(shop.types()).toEqual(['order.paid']));
    await rig.keeper.tell();
    await rig.keeper.hand();
    expect(shop.types()).toEqual(['order.paid']);
  });

  it('hears that a sale is sold out, and that units came back', async () => {
    await rig.addHook(shop.url, { eventTypes: ['sale.sold_out', 'sale.available'] });
    const sale = await aSale(service, { publish: true, startsAt: iso(startMs) }, { stock: 1 });
    const { unitId } = await paidOrder(sale);
    await rig.keeper.watchStock();
    await rig.keeper.watchStock();
    await rig.until(() => expect(shop.types()).toEqual(['sale.sold_out']));
    await service.database
      .sql`update units set state = 'free', order_id = null where id = ${unitId}`;
    await rig.keeper.watchStock();
    await rig.until(() => expect(shop.types()).toEqual(['sale.sold_out', 'sale.available']));
  });

  it('is not told while it is switched off, and goes on with what waited', async () => {
    const { id } = await rig.addHook(shop.url, { eventTypes: ['order.paid'] });
    const sale = await onSale();
    await paidOrder(sale);
    await rig.keeper.tell();
    await service.call('PATCH', `/v1/webhooks/${id}`, { active: false });
    await paidOrder(sale);
    await rig.keeper.tell();
    await rig.keeper.hand();
    expect(await rig.log(id)).toHaveLength(1);
    await service.call('PATCH', `/v1/webhooks/${id}`, { active: true });
    await rig.until(() => expect(shop.all).toHaveLength(1));
  });
});

describe('a delivery', () => {
  const tested = async () => {
    const hook = await rig.addHook(shop.url);
    const { body } = await service.call('POST', `/v1/webhooks/${hook.id}/test`);
    return { ...hook, path: `/v1/webhooks/${hook.id}/deliveries/${body.id}` };
  };

  it('that was refused is sent again under the same id, and has its log', async () => {
    const answers = [500, 302, 200];
    shop.answer = (response) => {
      response.writeHead(answers.shift() ?? 200, { location: `${shop.url}/elsewhere` });
      response.end('an answer');
    };
    const { id, secret } = await tested();
    await rig.until(async () => expect((await rig.log(id))[0]?.attempts).toBe(1));
    expect((await rig.log(id))[0]).toMatchObject({
      type: 'webhook.test',
      state: 'pending',
      nextAttemptAt: iso(startMs + 5_000),
      response: 'an answer',
    });
    await service.pass(4_999);
    await rig.keeper.hand();
    expect(shop.all).toHaveLength(1);
    await service.pass(1);
    await rig.until(async () => expect((await rig.log(id))[0]?.attempts).toBe(2));
    await service.pass(300_000);
    await rig.until(async () => expect((await rig.log(id))[0]?.state).toBe('delivered'));
    expect((await rig.log(id))[0]).toMatchObject({
      attempts: 3,
      nextAttemptAt: null,
      tries: [{ status: 500 }, { status: 302 }, { status: 200 }],
    });
    expect(new Set(shop.all.map((received) => received.id)).size).toBe(1);
    expect(new Set(shop.all.map(({ body }) => body)).size).toBe(1);
    expect(new Set(shop.all.map(({ headers }) => headers['webhook-timestamp'])).size).toBe(3);
    expect(shop.all.every((received) => isSignedBy(secret, received))).toBe(true);
  });

  it('that hangs, or finds nobody, is sent again', async () => {
    shop.answer = () => {};
    const { id } = await tested();
    await rig.until(async () => expect((await rig.log(id))[0]?.attempts).toBe(1));
    expect((await rig.log(id))[0]?.tries).toMatchObject([{ error: 'no answer within 1 s' }]);
    const port = Number(new URL(shop.url).port);
    await shop.close();
    await service.pass(5_000);
    await rig.until(async () => expect((await rig.log(id))[0]?.attempts).toBe(2));
    expect((await rig.log(id))[0]?.tries[1]).toMatchObject({ error: 'the connection was refused' });
    shop = await webhookReceiver(port);
    await service.pass(300_000);
    await rig.until(async () => expect((await rig.log(id))[0]?.state).toBe('delivered'));
  });

  it('fails after ten attempts, which switches off who took nothing, and is sent once more by hand', async () => {
    shop.answer = (response) => void response.writeHead(503).end();
    const { id, path } = await tested();
    for (let attempts = 1; attempts <= 10; attempts += 1) {
      await rig.until(async () => expect((await rig.log(id))[0]?.attempts).toBe(attempts));
      await service.pass(24 * 3_600_000);
    }
    expect(await rig.log(id, '?state=failed')).toHaveLength(1);
    expect(shop.all).toHaveLength(10);
    const hook = `/v1/webhooks/${id}`;
    const off = { active: false, offReason: 'failing' };
    expect((await service.call('GET', hook)).body).toMatchObject(off);
    const audit = await service.call('GET', '/v1/audit?action=webhook.failing');
    expect(audit.body.items).toMatchObject([
      { actor: 'system:webhooks', after: { active: false } },
    ]);
    expect((await service.call('POST', `${path}/retry`)).status).toBe(409);
    const on = await service.call('PATCH', hook, { active: true });
    expect(on.body).toMatchObject({ active: true, offReason: null });
    shop.answer = (response) => void response.end();
    expect((await service.call('POST', `${path}/retry`)).body.state).toBe('pending');
    await rig.until(async () => expect((await rig.log(id))[0]?.state).toBe('delivered'));
    expect(new Set(shop.all.map((received) => received.id)).size).toBe(1);
  });

  it('waits as its receiver asks', async () => {
    shop.answer = (response) => void response.writeHead(429, { 'retry-after': '120' }).end();
    const { id } = await tested();
    await rig.until(async () => expect((await rig.log(id))[0]?.attempts).toBe(1));
    expect((await rig.log(id))[0]?.nextAttemptAt).toBe(iso(service.clock.now() + 120_000));
  });

  it('that is answered 410 switches its webhook off', async () => {
    shop.answer = (response) => void response.writeHead(410).end();
    const { id } = await tested();
    await rig.until(async () => expect((await rig.log(id))[0]?.state).toBe('failed'));
    const { body } = await service.call('GET', `/v1/webhooks/${id}`);
    expect(body).toMatchObject({ active: false, offReason: 'gone' });
    const audit = await service.call('GET', '/v1/audit?action=webhook.gone');
    expect(audit.body.items).toMatchObject([
      { actor: 'system:webhooks', after: { active: false } },
    ]);
    expect((await service.call('POST', `/v1/webhooks/${id}/test`)).status).toBe(409);
    await service.call('PATCH', `/v1/webhooks/${id}`, { active: true });
    expect((await service.call('GET', `/v1/webhooks/${id}`)).body.offReason).toBeNull();
  });

  it('that fails for good leaves its webhook on for three days after the last that was taken', async () => {
    const { id, path } = await tested();
    await rig.until(async () => expect((await rig.log(id))[0]?.state).toBe('delivered'));
    // From here on each failure is for good.
    await service.database.sql`update webhook_deliveries set attempts = 10`;
    let attempts = 10;
    const isOnAfter = async (status: number) => {
      shop.answer = (response) => void response.writeHead(status).end();
      expect((await service.call('POST', `${path}/retry`)).status).toBe(200);
      attempts += 1;
      await rig.until(async () => expect((await rig.log(id))[0]?.attempts).toBe(attempts));
      return (await service.call('GET', `/v1/webhooks/${id}`)).body.active;
    };
    const day = 24 * 3_600_000;
    expect(await isOnAfter(503)).toBe(true);
    await service.pass(2 * day);
    expect(await isOnAfter(200)).toBe(true);
    await service.pass(2 * day);
    expect(await isOnAfter(503)).toBe(true);
    await service.pass(3 * day - 1);
    expect(await isOnAfter(503)).toBe(true);
    await service.pass(1);
    expect(await isOnAfter(503)).toBe(false);
  });

  it('keeps the beginning of what was answered, and does not wait for the rest', async () => {
    shop.answer = (response) => void response.write(`\u0000${'x'.repeat(5_000)}`);
    const { id } = await tested();
    await rig.until(async () => expect((await rig.log(id))[0]?.state).toBe('delivered'));
    const { response } = (await rig.log(id))[0] ?? {};
    expect(response?.length).toBeLessThanOrEqual(1_024);
    expect(response).toMatch(/^�x+$/);
  });

  it('whose sender died is taken over, and what the dead one writes counts no more', async () => {
    const hook = await rig.addHook(shop.url);
    await service.call('POST', `/v1/webhooks/${hook.id}/test`);
    const now = service.clock.now();
    const { webhooks } = service.store;
    const taken = await webhooks.take(hook.id, now, now + 30_000);
    if (taken === null) throw new Error('nothing to take');
    await rig.keeper.hand();
    expect(await webhooks.take(hook.id, now, now + 30_000)).toBeNull();
    await service.pass(30_000);
    await rig.until(async () => expect((await rig.log(hook.id))[0]?.state).toBe('delivered'));
    const attempt = { at: now, ms: 1, status: 500, error: null };
    const end = { state: 'pending', nextAt: now, attempt, response: null } as const;
    expect(await webhooks.end(taken, end)).toBe(false);
    expect((await rig.log(hook.id))[0]).toMatchObject({ state: 'delivered', attempts: 1 });
  });
});

it('an endpoint that hangs slows no other one, and has eight requests at most', async () => {
  const hanging = await webhookReceiver();
  hanging.answer = () => {};
  const slow = await rig.addHook(hanging.url, { eventTypes: ['order.paid'] });
  await rig.addHook(shop.url, { eventTypes: ['order.paid'] });
  const sale = await aSale(service, { publish: true, startsAt: iso(startMs) }, { stock: 40 });
  for (let i = 0; i < 40; i += 1) await paidOrder(sale);
  let most = 0;
  await rig.until(() => {
    most = Math.max(most, hanging.open.size);
    expect(shop.all).toHaveLength(40);
  });
  expect(most).toBeGreaterThan(0);
  expect(most).toBeLessThanOrEqual(8);
  expect(
    (await rig.log(slow.id, '?limit=100')).filter(({ attempts }) => attempts > 0).length,
  ).toBeLessThan(40);
  // All of them are tried, in turn.
  await rig.until(async () => {
    const log = await rig.log(slow.id, '?limit=100');
    expect(log.filter(({ attempts }) => attempts === 1)).toHaveLength(40);
  });
  await vi.waitFor(() => expect(hanging.open.size).toBe(0));
});

it('a secret that is replaced signs beside the new one until it ends', async () => {
  const { id, secret } = await rig.addHook(shop.url);
  const path = `/v1/webhooks/${id}`;
  const rotated = await service.call('POST', `${path}/rotate`, { overlapSeconds: 3_600 });
  const next = String(rotated.body.secret);
  expect(rotated.body.secrets).toMatchObject([
    { expiresAt: null },
    { expiresAt: iso(startMs + 3_600_000) },
  ]);
  await service.call('POST', `${path}/test`);
  await rig.until(() => expect(shop.all).toHaveLength(1));
  const [both] = shop.all;
  if (both === undefined) throw new Error('nothing came');
  expect([secret, next].map((one) => isSignedBy(one, both))).toEqual([true, true]);
  await service.pass(3_600_000);
  await service.call('POST', `${path}/test`);
  await rig.until(() => expect(shop.all).toHaveLength(2));
  const last = shop.all[1];
  if (last === undefined) throw new Error('nothing came');
  expect([secret, next].map((one) => isSignedBy(one, last))).toEqual([false, true]);
  expect((await service.call('GET', path)).body.secrets).toHaveLength(1);
});
