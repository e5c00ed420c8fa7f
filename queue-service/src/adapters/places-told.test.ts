import { placeNotices } from '@fairgate/shared/db/schema-places.ts';
import { recipientDigest } from '@fairgate/shared/notices/unsubscribing.ts';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { silent } from '../../test/fixture.ts';
import { type Telling, tellingFixture } from '../../test/telling.ts';
import { placeNoticeRelay } from '../app/place-notices.ts';
import type { PlaceNoticeJob } from '../app/place-ports.ts';
import { jobQueue, whileNeeded } from './bullmq.ts';
import { failFastRedis } from './redis.ts';

let own: Telling;
beforeEach(async () => {
  own = await tellingFixture();
});

describe('soon one’s turn', () => {
  it('is told once by each way that was asked for, in the shopper’s language, and to nobody far back', async () => {
    const { saleId } = await own.sale({ admitPerMinute: 60, maxActive: 1, tokenSeconds: 3_600 });
    const texts = { de: { 'push.soonTitle': 'Gleich: {sale}' } };
    await own.service.call('PUT', `/v1/sales/${saleId}/appearance`, { texts });
    const crowd = Array.from({ length: 400 }, (_, i) => `visitor-${i}`);
    const numbers = await own.join(...crowd);
    const browser = own.push.subscribe();
    const wish = { email: 'near@example.org', language: 'de-AT' };
    await own.ask('visitor-3', numbers[3] ?? 0, {
      ...wish,
      pushSubscription: browser.subscription,
    });
    await own.ask('visitor-390', numbers[390] ?? 0, { email: 'far@example.org' });
    await own.seconds(3, own.teller());
    await own.deliver();
    await own.seconds(1, own.teller());
    expect(await own.deliver()).toEqual([]);
    expect(own.smtp.caught.map(({ to }) => to)).toEqual(['near@example.org']);
    const [mail] = own.smtp.caught;
    expect(mail?.text).toContain(`https://shop.example/sales/${saleId}`);
    expect(mail?.text).toContain(`https://shop.example/stop/${saleId}`);
    expect(mail?.html).toContain('lang="de"');
    expect(mail?.subject).toBe('Gleich: Pens');
    expect(browser.pushed).toHaveLength(1);
    expect(browser.pushed[0]).toMatchObject({
      urgency: 'high',
      ttl: 598,
      subject: 'mailto:shop@example.org',
      message: {
        kind: 'soon',
        title: 'Gleich: Pens',
        url: `/sales/${saleId}`,
        tag: `fairgate-${saleId}`,
        lang: 'de',
      },
    });
    // Neither ticket nor visitor leaves with it.
    expect(JSON.stringify([mail, browser.pushed])).not.toContain('visitor-');
  });

  it('is told before the start to who will be let in first', async () => {
    await own.sale({ admitPerMinute: 60 }, false);
    const [first = 0] = await own.join('a');
    await own.ask('a', first, { email: 'a@example.org' });
    await own.teller()();
    expect(await own.deliver()).toEqual(['sent']);
  });

  it('is not told to who was let in meanwhile, or has left', async () => {
    const { saleId } = await own.sale({ admitPerMinute: 60, maxActive: 1, tokenSeconds: 3_600 });
    const [, , third = 0] = await own.join('a', 'b', 'c');
    await own.ask('c', third, { email: 'c@example.org' });
    await own.teller()();
    await own.service.room.leave(saleId, { visitor: 'c', number: third, ordinal: 1 });
    expect(await own.deliver()).toEqual(['moved-on']);
    expect(own.smtp.caught).toEqual([]);
    // Of the next place they are told again: its page says which it is, and never the address.
    const [next = 0] = await own.join('c');
    await own.ask('c', next, { language: 'en' });
    await own.teller()();
    expect(await own.deliver()).toEqual(['sent']);
    expect(own.smtp.caught[0]?.subject).toBe('Soon your turn: Pens');
  });
});

describe('one’s turn', () => {
  it('is told once however many look, urgently, and is worth nothing after its deadline', async () => {
    await own.sale({ admitPerMinute: 6_000, tokenSeconds: 120 });
    const [first = 0] = await own.join('a', 'silent');
    const browser = own.push.subscribe();
    await own.ask('a', first, { email: 'a@example.org', pushSubscription: browser.subscription });
    const [one, two] = [own.teller(), own.teller()];
    await own.seconds(3, async () => {
      await Promise.all([one(), two()]);
    });
    expect(await own.deliver()).toEqual(['sent', 'sent']);
    await own.seconds(12, one);
    expect(await own.deliver()).toEqual([]);
    expect(own.smtp.caught.map(({ subject }) => subject)).toEqual(['It is your turn: Pens']);
    const [pushed] = browser.pushed;
    expect(pushed?.message).toMatchObject({ kind: 'your-turn', title: 'It is your turn: Pens' });
    expect(pushed?.ttl).toBeGreaterThan(100);
    expect(pushed?.ttl).toBeLessThanOrEqual(120);
  });

  it('is told to who asked when it had come already, and by the way that they add', async () => {
    await own.sale({ admitPerMinute: 6_000, tokenSeconds: 600 });
    const [first = 0] = await own.join('a');
    const tell = own.teller();
    await own.seconds(3, tell);
    await own.ask('a', first, { email: 'a@example.org' });
    await tell();
    expect(await own.deliver()).toEqual(['sent']);
    const browser = own.push.subscribe();
    await own.ask('a', first, { pushSubscription: browser.subscription });
    await tell();
    expect(await own.deliver()).toEqual(['sent']);
    expect([own.smtp.caught.length, browser.pushed.length]).toEqual([1, 1]);
  });

  it('comes too late where no mail server takes it in time', async () => {
    await own.sale({ admitPerMinute: 6_000, tokenSeconds: 60 });
    const [first = 0] = await own.join('a');
    await own.ask('a', first, { email: 'a@example.org' });
    own.smtp.state.refuseWith = 451;
    const tell = own.teller();
    await own.seconds(3, tell);
    expect(await own.deliver()).toEqual(['put-off']);
    await own.service.pass(60_000);
    own.smtp.state.refuseWith = null;
    expect(await own.deliver()).toEqual(['too-late']);
    expect(own.smtp.caught).toEqual([]);
  });

  it('is not mailed to who wants no more mails of the sale', async () => {
    const { saleId } = await own.sale({ admitPerMinute: 6_000 });
    const [first = 0] = await own.join('a');
    await own.ask('a', first, { email: 'A@example.org' });
    await own.service.database.sql`
      insert into notice_optouts (sale_id, recipient)
      values (${saleId}, ${recipientDigest(saleId, 'a@example.org')})`;
    await own.seconds(2, own.teller());
    expect(await own.deliver()).toEqual(['unsubscribed']);
  });

  describe('of who had unsubscribed', () => {
    const address = 'a@example.org';
    /** Answers since when, in ms: a second ago, as the clocks of Postgres and Redis round. */
    const unsubscribed = async (saleId: string) => {
      const { sql } = own.service.database;
      const [row] = await sql<{ ms: number }[]>`
        insert into notice_optouts (sale_id, recipient, created_at)
        values (${saleId}, ${recipientDigest(saleId, address)}, now() - interval '1 second')
        returning (extract(epoch from created_at) * 1000)::float8 as ms`;
      return row?.ms;
    };

    it('is told again where they say that they asked, which they are asked once', async () => {
      const { saleId } = await own.sale({ admitPerMinute: 0 });
      const [first = 0, second = 0] = await own.join('a', 'stranger');
      const since = await unsubscribed(saleId);
      await own.ask('a', first, { email: 'A@example.org' });
      await own.ask('stranger', second, { email: address });
      await own.teller()();
      expect(await own.deliver()).toEqual(['moved-on', 'sent']);
      await own.ask('stranger', second, { email: address });
      await own.teller()();
      expect(await own.deliver()).not.toContain('sent');
      expect(own.smtp.caught).toHaveLength(1);
      expect(own.smtp.caught[0]?.text).toContain(`/again/${saleId}/${since}`);
      // What the link does (`unsubscribing.test.ts` of the checkout).
      await own.service.database.sql`delete from notice_optouts`;
      await own.service.call('PATCH', `/v1/sales/${saleId}`, { room: { admitPerMinute: 6_000 } });
      await own.seconds(3, own.teller());
      expect(await own.deliver()).toEqual(['sent', 'sent']);
      expect(own.smtp.caught.at(-1)?.subject).toBe('It is your turn: Pens');
    });

    it('they are asked though a stranger gave their address before, and took it back', async () => {
      const { saleId } = await own.sale({ admitPerMinute: 0 });
      const [first = 0, second = 0] = await own.join('a', 'stranger');
      await unsubscribed(saleId);
      own.smtp.state.refuseWith = 451;
      await own.ask('stranger', second, { email: address });
      await own.teller()();
      expect(await own.deliver()).toEqual(['put-off']);
      await own.ask('a', first, { email: address });
      await own.teller()();
      // While that of the stranger may still go.
      expect(await own.deliver()).toEqual(['put-off']);
      await own.ask('stranger', second, { email: null });
      await own.teller()();
      own.smtp.state.refuseWith = null;
      await own.service.pass(2_000);
      expect(await own.deliver()).toContain('no-address');
      await own.service.pass(5_000);
      await own.deliver();
      expect(own.smtp.caught.map(({ to }) => to)).toEqual([address]);
    });
  });
});

describe('sold out before one’s turn', () => {
  it('is told once to all who still wait, and not to who was let in or has left', async () => {
    const { saleId, productId } = await own.sale({
      admitPerMinute: 60,
      maxActive: 1,
      tokenSeconds: 3_600,
    });
    const [, two = 0, three = 0, four = 0] = await own.join('a', 'b', 'c', 'd');
    await own.seconds(2);
    await own.ask('a', 1, { email: 'in@example.org' });
    await own.ask('b', two, { email: 'b@example.org' });
    await own.ask('c', three, { email: 'c@example.org' });
    await own.ask('d', four, { email: 'left@example.org' });
    const tell = own.teller();
    await tell();
    await own.deliver();
    own.smtp.caught.length = 0;
    await own.service.room.leave(saleId, { visitor: 'd', number: four, ordinal: 1 });
    const none = [{ productId, free: 0, held: 0, sold: 5 }];
    await own.service.room.picture(saleId, 1e15, none);
    await own.seconds(2, tell);
    await own.deliver();
    await own.seconds(2, tell);
    expect(await own.deliver()).toEqual([]);
    expect(own.smtp.caught.map(({ to }) => to).sort()).toEqual(['b@example.org', 'c@example.org']);
    expect(own.smtp.caught[0]?.subject).toBe('Sold out before your turn: Pens');
  });

  it('holds up nobody whose turn it is', async () => {
    const { saleId } = await own.sale({ admitPerMinute: 0 });
    const { places } = own.service.store;
    const now = own.service.clock.now();
    const names = Array.from({ length: 50 }, (_, i) => `v${i}`);
    const numbers = await own.join(...names);
    for (const [i, number] of numbers.entries()) {
      await own.ask(`v${i}`, number, { email: `v${i}@example.org` });
    }
    await own.teller()();
    const of = (i: number, usefulUntil: number) => {
      const lane = 'main' as const;
      return { visitor: `v${i}`, number: numbers[i] ?? 0, lane, usefulUntil };
    };
    const crowd = names.map((_, i) => of(i, now + 21_600_000));
    await places.tell('sold-out', saleId, crowd, now - 60_000);
    const redis = failFastRedis(own.service.redisUrl, 'jobs', silent);
    const queue = jobQueue<PlaceNoticeJob>('fairgate-place-mails', redis, whileNeeded);
    await vi.waitFor(() => expect(queue.ready()).toBe(true));
    const relay = placeNoticeRelay('mail', queue, own.service);
    // The crowd is in the queue already, and fills it.
    const filling = { ...queue, waiting: async (upTo: number) => (upTo > 2 ? 390 : 0) };
    await placeNoticeRelay('mail', filling, own.service)();
    expect(await queue.waiting(4)).toBe(10);
    await places.tell('soon', saleId, [of(48, now + 600_000)], now);
    await places.tell('your-turn', saleId, [of(49, now + 900_000), of(47, now + 120_000)], now);
    const full = { ...queue, waiting: async (upTo: number) => (upTo > 2 ? 400 : 0) };
    await placeNoticeRelay('mail', full, own.service)();
    await relay();
    const order = await queue.queue.getJobs(['prioritized'], 0, 10, true);
    expect(order.map(({ data }) => `${data.notice} ${data.visitor}`).slice(0, 4)).toEqual([
      'your-turn v47',
      'your-turn v49',
      'soon v48',
      expect.stringContaining('sold-out'),
    ]);
    expect(await queue.waiting(4)).toBe(53);
    await queue.close();
    redis.disconnect();
  });

  it('is not told any more once something has come back', async () => {
    const { saleId, productId } = await own.sale({ admitPerMinute: 0 });
    const [one = 0] = await own.join('a');
    await own.ask('a', one, { email: 'a@example.org' });
    await own.service.room.picture(saleId, 1e15, [{ productId, free: 0, held: 0, sold: 5 }]);
    await own.seconds(1, own.teller());
    await own.service.room.picture(saleId, 1e15 + 1, [{ productId, free: 1, held: 0, sold: 4 }]);
    await own.seconds(1);
    expect(await own.deliver()).toEqual(['moved-on']);
  });
});

it('of a lottery those are told who were drawn to the front, once they were drawn', async () => {
  await own.sale({ admitPerMinute: 60, maxActive: 1, tokenSeconds: 3_600 }, false, {
    mode: 'lottery',
  });
  const numbers = await own.join(...Array.from({ length: 600 }, (_, i) => `v${i}`));
  const tell = own.teller();
  for (const [i, number] of numbers.entries()) {
    await own.ask(`v${i}`, number, { email: `v${i}@example.org` });
  }
  await tell();
  const { db } = own.service.database;
  expect(await db.$count(placeNotices)).toBe(0);
  await own.seconds(62);
  await own.service.keepLogs();
  await own.service.keepLogs();
  await own.service.keeper.keepRooms();
  await own.seconds(3, tell);
  const soon = await db.select().from(placeNotices);
  expect(soon.length).toBeGreaterThan(0);
  expect(soon.length).toBeLessThan(10);
});
