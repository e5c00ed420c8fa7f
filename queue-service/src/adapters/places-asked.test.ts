import { connectDatabase } from '@fairgate/shared/db/client.ts';
import { placeNotices, placeSubscriptions } from '@fairgate/shared/db/schema-places.ts';
import { recipientDigest } from '@fairgate/shared/notices/unsubscribing.ts';
import { asksKey } from '@fairgate/shared/room/keys.ts';
import { beforeEach, describe, expect, it } from 'vitest';
import type { PushService } from '../../../e2e/support/push-service.ts';
import { anOrder, silent, startMs } from '../../test/fixture.ts';
import { type Telling, tellingFixture } from '../../test/telling.ts';
import { forgetLeft } from '../app/place-forgetting.ts';
import { placeTeller } from '../app/place-teller.ts';
import { postgresStore } from './postgres/store.ts';

let own: Telling;
beforeEach(async () => {
  own = await tellingFixture();
});

describe('a push service', () => {
  let browser: ReturnType<PushService['subscribe']>;
  beforeEach(async () => {
    await own.sale({ admitPerMinute: 6_000, tokenSeconds: 600 });
    const [first = 0] = await own.join('a');
    browser = own.push.subscribe();
    await own.ask('a', first, { pushSubscription: browser.subscription });
    await own.seconds(2, own.teller());
  });
  const subscription = async () =>
    (await own.service.database.db.select().from(placeSubscriptions))[0]?.push;

  it('that is down for a while delays the message, and doubles none', async () => {
    own.push.answer = { status: 503 };
    for (const pause of [1_100, 2_100, 4_100]) {
      expect(await own.deliver()).toEqual(['put-off']);
      expect(await own.deliver()).toEqual([]);
      await own.service.pass(pause);
    }
    own.push.answer = null;
    expect(await own.deliver()).toEqual(['sent']);
    expect([browser.pushed.length, own.push.asked()]).toEqual([1, 4]);
  });

  it('that took a message gets it once, though noting that fails for a moment', async () => {
    const { store } = own.service;
    let failures = 0;
    const settle: typeof store.places.settle = async (...args) => {
      failures += 1;
      if (failures <= 2) throw new Error('Postgres is away');
      await store.places.settle(...args);
    };
    expect(await own.deliver({ ...store, places: { ...store.places, settle } })).toEqual(['sent']);
    await own.service.pass(120_000);
    expect(await own.deliver()).toEqual([]);
    expect(browser.pushed).toHaveLength(1);
  });

  it('whose claim was taken over ends nothing of whoever has it now', async () => {
    const { store, clock } = own.service;
    const [ref] = await store.places.due('push', clock.now(), {
      ...{ leaseMs: 60_000, limit: 1, upTo: 4 },
    });
    if (ref === undefined) throw new Error('nothing is due');
    const first = clock.now();
    await store.places.claim(ref, first, 50_000);
    await own.service.pass(50_000);
    expect(await store.places.claim(ref, clock.now(), 50_000)).toBe('claimed');
    await store.places.putOff(ref, first, clock.now(), () => 0);
    await store.places.settle(ref, first, 'refused', clock.now());
    expect(await store.places.claim(ref, clock.now() + 1, 50_000)).toBe('under-way');
    await store.places.settle(ref, first, 'sent', clock.now());
    expect((await store.places.find(ref))?.isEnded).toBe(true);
  });

  it('that asks us to wait is not asked again before', async () => {
    own.push.answer = { status: 429, headers: { 'retry-after': '30' } };
    expect(await own.deliver()).toEqual(['put-off']);
    own.push.answer = null;
    await own.service.pass(29_000);
    expect(await own.deliver()).toEqual([]);
    await own.service.pass(1_000);
    expect(await own.deliver()).toEqual(['sent']);
  });

  it.each([404, 410])('that answers %i ends the subscription', async (status) => {
    own.push.answer = { status };
    expect(await own.deliver()).toEqual(['gone']);
    expect(await subscription()).toBeNull();
  });

  it('that refuses the message is left in peace', async () => {
    own.push.answer = { status: 413 };
    expect(await own.deliver()).toEqual(['refused']);
    expect(await subscription()).not.toBeNull();
    expect(await own.deliver()).toEqual([]);
  });
});

it('an order is told of by push to who has subscribed, once, and nobody else', async () => {
  const { saleId, productId } = await own.sale({ admitPerMinute: 0 });
  const [one = 0] = await own.join('visitor-j1');
  const browser = own.push.subscribe();
  await own.ask('visitor-j1', one, { pushSubscription: browser.subscription });
  await own.teller()();
  const { orderId } = await anOrder(own.service, { saleId, productId, jti: 'j1', state: 'paid' });
  const other = await anOrder(own.service, { saleId, productId, jti: 'j2', state: 'paid' });
  const told = [orderId, other.orderId].map((id) => {
    const times = {
      toldAt: own.service.clock.now(),
      usefulUntil: own.service.clock.now() + 60_000,
    };
    return { orderId: id, notice: 'order-paid', about: id, ...times };
  });
  await own.service.store.places.tellOrders(told);
  await own.service.store.places.tellOrders(told);
  expect(await own.deliver()).toEqual(['sent']);
  expect(browser.pushed.map(({ message }) => message)).toMatchObject([
    { kind: 'order-paid', url: `/checkout/orders/${orderId}`, tag: `order-${orderId}` },
  ]);
});

it('an order that was paid elsewhere is told of by no push: its page opens for nobody', async () => {
  const { saleId, productId } = await own.sale({ admitPerMinute: 0 });
  const [one = 0] = await own.join('visitor-j1');
  await own.ask('visitor-j1', one, { pushSubscription: own.push.subscribe().subscription });
  await own.teller()();
  const { orderId } = await anOrder(own.service, { saleId, productId, jti: 'j1', state: 'paid' });
  await own.service.database.sql`update orders set paid_elsewhere = true where id = ${orderId}`;
  const toldAt = own.service.clock.now();
  const told = { orderId, notice: 'order-paid', about: orderId, toldAt };
  await own.service.store.places.tellOrders([{ ...told, usefulUntil: toldAt + 60_000 }]);
  expect(await own.deliver()).toEqual([]);
});

describe('what is asked for', () => {
  it('stays in Redis while Postgres is away, and is there once however often it is read', async () => {
    const { saleId } = await own.sale({ admitPerMinute: 0 });
    const [one = 0] = await own.join('a');
    await own.ask('a', one, { email: 'a@example.org' });
    const options = { name: 'away', connectionsMax: 1, statementTimeoutMs: 1_000 };
    const away = connectDatabase({ url: 'postgres://u:p@127.0.0.1:1/none', ...options });
    const { places } = own.service.store;
    // The list of sales was read a moment before.
    const store = {
      ...postgresStore(away),
      places: { ...postgresStore(away).places, sales: places.sales },
    };
    const failing = own.teller(store);
    await expect(failing()).rejects.toThrow();
    await away.close();
    expect(await own.service.redis.xlen(asksKey(saleId))).toBe(1);
    const [found] = await own.asks.read(saleId, 10);
    await own.teller()();
    expect(await own.service.redis.xlen(asksKey(saleId))).toBe(0);
    // Another instance had read the same, and comes later.
    await own.ask('a', one, { email: 'new@example.org' });
    await own.teller()();
    await places.keep(saleId, found?.ask ? [found.ask] : [], startMs);
    const rows = await own.service.database.db.select().from(placeSubscriptions);
    expect(rows.map(({ email }) => email)).toEqual(['new@example.org']);
  });

  it('is no way to flood an address in the name of its owner', async () => {
    await own.sale({ admitPerMinute: 60_000, tokenSeconds: 600, guaranteeStock: false });
    const visitors = Array.from({ length: 15 }, (_, i) => `v${i}`);
    for (const [i, number] of (await own.join(...visitors)).entries()) {
      await own.ask(`v${i}`, number, {
        email: i % 2 ? 'victim@example.org' : 'Victim@example.org',
      });
    }
    await own.seconds(3, own.teller());
    for (let i = 0; i < 3; i += 1) await own.deliver();
    const rows = await own.service.database.db.select().from(placeNotices);
    expect(rows.length).toBeGreaterThan(12);
    expect(own.smtp.caught).toHaveLength(12);
    expect(rows.filter(({ outcome }) => outcome === 'too-many')).toHaveLength(rows.length - 12);
    // Who takes the wish back and gives it anew begins at no other count.
    for (const [i, name] of visitors.entries()) await own.ask(name, i + 1, { email: null });
    const [again = 0] = await own.join('again');
    await own.ask('again', again, { email: 'victim@example.org' });
    await own.seconds(3, own.teller());
    expect(new Set(await own.deliver())).toEqual(new Set(['too-many']));
    expect(own.smtp.caught).toHaveLength(12);
  });

  it('fills the count of an address to the last mail, however many are judged at once', async () => {
    const { saleId } = await own.sale({ admitPerMinute: 0 });
    const { places } = own.service.store;
    const visitors = Array.from({ length: 8 }, (_, i) => `v${i}`);
    const numbers = await own.join(...visitors);
    for (const [i, visitor] of visitors.entries()) {
      await own.ask(visitor, numbers[i] ?? 0, { email: 'a@example.org' });
    }
    await own.teller()();
    const now = own.service.clock.now();
    const told = visitors.map((visitor, i) => {
      return { visitor, number: numbers[i] ?? 0, lane: 'main' as const, usefulUntil: now + 60_000 };
    });
    await places.tell('soon', saleId, told, now);
    const refs = told.map(({ visitor, number }) => {
      return { saleId, visitor, number, notice: 'soon', about: '', channel: 'mail' as const };
    });
    const judged = await Promise.all(refs.map((ref) => places.takeMail('digest', ref, 5)));
    expect(judged.filter((one) => one === 'taken')).toHaveLength(5);
    // Who has one keeps it when it is tried again.
    expect(await Promise.all(refs.map((ref) => places.takeMail('digest', ref, 5)))).toEqual(judged);
  });

  it('is no asking anew of who has unsubscribed since, whatever else their page says then', async () => {
    const { saleId } = await own.sale({ admitPerMinute: 0 });
    const [first = 0] = await own.join('a');
    await own.ask('a', first, { email: 'a@example.org' });
    const [found] = await own.asks.read(saleId, 1);
    if (!found?.ask) throw new Error('the ask is not there');
    const { ask } = found;
    await own.service.database.sql`
      insert into notice_optouts (sale_id, recipient, created_at) values (${saleId},
        ${recipientDigest(saleId, 'a@example.org')}, to_timestamp(${ask.askedAt / 1e6 + 60}))`;
    // In the same backlog, and after the unsubscribing.
    const { email: _, ...said } = { ...ask, language: 'en', askedAt: ask.askedAt + 120e6 };
    const read = async () => [found, { id: '1-2', ask: said }];
    const asks = { read, drop: async () => {} };
    await placeTeller({ ...own.service, asks, log: silent })();
    const [kept] = await own.service.database.db.select().from(placeSubscriptions);
    expect(kept).toMatchObject({ email: 'a@example.org', askedAt: said.askedAt });
    expect(await own.deliver()).toEqual([]);
  });

  it('is taken back by null, and nobody is told then', async () => {
    await own.sale({ admitPerMinute: 6_000 });
    const [first = 0] = await own.join('a');
    await own.ask('a', first, { email: 'a@example.org' });
    await own.seconds(2, own.teller());
    await own.ask('a', first, { email: null });
    await own.teller()();
    expect(await own.deliver()).toEqual(['no-address']);
  });

  it('keeps no address of who has left, and that of who still waits', async () => {
    const { saleId } = await own.sale({ admitPerMinute: 0 });
    const numbers = await own.join('a', 'b');
    for (const [i, name] of ['a', 'b'].entries()) {
      const pushSubscription = own.push.subscribe().subscription;
      await own.ask(name, numbers[i] ?? 0, { email: `${name}@example.org`, pushSubscription });
    }
    await own.teller()();
    await own.service.room.leave(saleId, { visitor: 'a', number: numbers[0] ?? 0, ordinal: 1 });
    await forgetLeft(own.service)();
    const rows = await own.service.database.db.select().from(placeSubscriptions);
    const kept = rows.map(({ visitor, email, push }) => [visitor, email, push !== null]);
    expect(kept.sort()).toEqual([
      ['a', null, false],
      ['b', 'b@example.org', true],
    ]);
  });

  it('is deleted a day after the sale', async () => {
    const { saleId } = await own.sale({ admitPerMinute: 6_000 });
    const [first = 0] = await own.join('a');
    await own.ask('a', first, { email: 'a@example.org' });
    await own.seconds(2, own.teller());
    await own.service.call('POST', `/v1/sales/${saleId}/close`);
    const { places } = own.service.store;
    await own.service.pass(86_400_000);
    expect(await places.forget(own.service.clock.now() - 86_400_000)).toBe(0);
    await own.service.pass(1_000);
    expect(await places.forget(own.service.clock.now() - 86_400_000)).toBe(2);
    expect(await own.service.database.db.$count(placeSubscriptions)).toBe(0);
  });
});
