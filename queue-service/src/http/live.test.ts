import { newcomer } from '@fairgate/shared/room/room.ts';
import { visitors } from '@fairgate/shared/room/room-fixture.ts';
import { beforeEach, describe, expect, it } from 'vitest';
import { adminKey, anOrder, aSale, iso, type Service, testService } from '../../test/fixture.ts';

let service: Service;
let saleId: string;
let productId: string;
beforeEach(async () => {
  service = await testService();
  ({ saleId, productId } = await aSale(service, {
    publish: true,
    startsAt: iso(service.clock.now()),
  }));
});

type Told = { id: number; figures: Record<string, unknown> };

/** The stream's events as they come. */
async function streamOf(headers: Record<string, string> = {}, key = adminKey) {
  const response = await service.api.request(`/v1/sales/${saleId}/stream`, {
    headers: { authorization: `Bearer ${key}`, ...headers },
  });
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  const next = async (): Promise<Told | null> => {
    for (;;) {
      const end = text.indexOf('\n\n');
      if (end >= 0) {
        const block = text.slice(0, end);
        text = text.slice(end + 2);
        const [, id, data] = /^id: (\d+)\ndata: (.*)$/.exec(block) ?? [];
        if (data !== undefined) return { id: Number(id), figures: JSON.parse(data) };
        continue;
      }
      const { value, done } = await reader.read();
      if (done) return null;
      text += value;
    }
  };
  return { next, cancel: () => reader.cancel() };
}

const aReading = async () => {
  await service.history.keep();
  const at = second() * 1_000;
  const [point] = await service.store.history.range(saleId, 'second', { from: at, to: at }, 1);
  if (point === undefined) throw new Error('nothing was kept');
  return point;
};

const second = () => Math.floor(service.clock.now() / 1_000);

describe('the live figures', () => {
  it('tell stock, paid orders, waits, blocked attempts and the checkouts too', async () => {
    await anOrder(service, { saleId, productId, jti: 'a', state: 'paid' });
    await service.keeper.renewPictures();
    await service.redis.hset(`fg:{${saleId}}:blocked`, 'rate-limited', 3);
    const health = { breakers: { sandbox: 'open' }, errorsPerMinute: 2, claimsPerSecond: 900 };
    await service.database.sql`
      insert into checkout_beats (instance, at, health)
      values ('checkout-1', now(), ${JSON.stringify(health)}::text::jsonb),
             ('long-gone', now() - interval '1 hour', '{}')`;
    const { body } = await service.call('GET', `/v1/sales/${saleId}/room`);
    expect(body).toMatchObject({
      at: iso(service.clock.now()),
      state: 'open',
      admitPerMinute: 600,
      paid: 1,
      stock: { total: 5, free: 4, held: 0, sold: 1 },
      waits: { p50Seconds: null, p95Seconds: null },
      blocked: { 'rate-limited': 3 },
      checkouts: [{ instance: 'checkout-1', ...health, ageSeconds: 0 }],
    });
  });
});

describe('the stream', () => {
  it('numbers its events by the second', async () => {
    const { next, cancel } = await streamOf();
    expect(await next()).toMatchObject({ id: second(), figures: { id: saleId, waiting: 0 } });
    await service.room.join(saleId, visitors(3).map(newcomer));
    await service.pass(1_000);
    expect(await next()).toMatchObject({ id: second(), figures: { waiting: 3 } });
    await cancel();
  });

  it('brings what was missed since the last event, each second once, in order', async () => {
    const seen = second();
    for (let i = 1; i <= 5; i += 1) {
      await service.pass(1_000);
      await service.room.join(saleId, visitors(1, `v${i}-`).map(newcomer));
      await service.history.keep();
    }
    await service.pass(1_000);
    const { next, cancel } = await streamOf({ 'last-event-id': String(seen + 1) });
    const told = [await next(), await next(), await next(), await next(), await next()];
    expect(told.map((event) => event!.id - seen)).toEqual([2, 3, 4, 5, 6]);
    expect(told.map((event) => event!.figures.joinedTotal)).toEqual([2, 3, 4, 5, 5]);
    expect(told[0]?.figures).toMatchObject({ id: saleId, settings: { admitPerMinute: 600 } });
    await cancel();
  });

  it('brings an hour of seconds at most, page by page', async () => {
    const begin = second() * 1_000;
    await service.pass(3_700_000);
    const { figures } = await aReading();
    const points = Array.from({ length: 3_700 }, (_, i) => {
      const at = begin + i * 1_000;
      return { saleId, at, figures: { ...figures, at: iso(at), waiting: i } };
    });
    await service.store.history.keep(points);
    const { next, cancel } = await streamOf({ 'last-event-id': String(begin / 1_000) });
    const told: Told[] = [];
    for (let event = await next(); event !== null; event = await next()) {
      told.push(event);
      if (event.id >= second()) break;
    }
    const ids = Array.from({ length: 3_600 }, (_, i) => second() - 3_599 + i);
    expect(told.map(({ id }) => id)).toEqual(ids);
    expect(told[0]?.figures).toMatchObject({ waiting: 101 });
    await cancel();
  });

  it('waits for a missed second that is still to be written', async () => {
    const seen = second();
    await service.pass(2_000);
    const { next, cancel } = await streamOf({ 'last-event-id': String(seen) });
    const coming = next();
    const { figures } = await aReading();
    const points = [1, 2].map((i) => ({ saleId, at: (seen + i) * 1_000, figures }));
    await service.store.history.keep(points);
    const told = [await coming, await next(), await next()];
    expect(told.map((event) => event!.id - seen)).toEqual([1, 2, 3]);
    await cancel();
  });

  it('asks about a key once a second, however many streams it has opened', async () => {
    const made = await service.call('POST', '/v1/api-keys', { name: 'v', role: 'viewer' });
    const key = String(made.body.key);
    const all = await Promise.all(Array.from({ length: 50 }, () => streamOf({}, key)));
    for (const { next } of all) await next();
    const { keys } = service.store;
    const byHash = keys.byHash;
    let asked = 0;
    keys.byHash = async (...args) => {
      asked += 1;
      return await byHash(...args);
    };
    // A second passes for the keys that are remembered, too.
    await service.pass(1_000);
    for (const { next } of all) expect(await next()).not.toBeNull();
    expect(asked).toBe(1);
    await service.store.keys.revoke(String(made.body.id), service.clock.now());
    await service.pass(1_000);
    for (const { next } of all) expect(await next()).toBeNull();
  });

  it('a reader that stands still is told the newest when it goes on', async () => {
    const { next, cancel } = await streamOf();
    const from = await next();
    // Somebody else reads each of the next five.
    const other = await streamOf();
    for (let i = 0; i < 6; i += 1) await other.next();
    // One was ready for it, and one on its way; then none of those in between.
    const later = [await next(), await next(), await next()];
    expect(later.at(-1)!.id - from!.id).toBeGreaterThan(3);
    await Promise.all([cancel(), other.cancel()]);
  });

  it.each(['x', '-1', '1.5', '99999999999', ''])('takes no notice of the id %j', async (id) => {
    await service.history.keep();
    const { next, cancel } = await streamOf({ 'last-event-id': id });
    expect(await next()).toMatchObject({ id: second() });
    await cancel();
  });

  it('is not begun for who asks for its head alone', async () => {
    const headers = { authorization: `Bearer ${adminKey}` };
    const head = await service.api.request(`/v1/sales/${saleId}/stream`, {
      method: 'HEAD',
      headers,
    });
    expect([head.status, head.headers.get('content-type')]).toEqual([200, 'text/event-stream']);
    let reads = 0;
    const { figures } = service.room;
    service.room.figures = (id) => {
      reads += 1;
      return figures(id);
    };
    const { next, cancel } = await streamOf();
    await next();
    await next();
    // The first reading, and one for the second that came: nobody else's.
    expect(reads).toBe(2);
    await cancel();
  });

  it('ends when the key that it was opened with is revoked', async () => {
    const made = await service.call('POST', '/v1/api-keys', { name: 'v', role: 'viewer' });
    const { next } = await streamOf({}, String(made.body.key));
    expect(await next()).not.toBeNull();
    await service.call('DELETE', `/v1/api-keys/${made.body.id}`);
    expect(await next()).toBeNull();
  });
});

describe('the history', () => {
  const items = async (query = '') => {
    const { status, body } = await service.call('GET', `/v1/sales/${saleId}/history${query}`);
    return { status, items: body.items as Record<string, unknown>[] };
  };

  it('has each second once, however many instances write it, and outlives Redis', async () => {
    await service.room.join(saleId, visitors(2).map(newcomer));
    await Promise.all([service.history.keep(), service.history.keep()]);
    await service.pass(1_000);
    await service.history.keep();
    await service.redis.flushall();
    await service.setClock();
    expect((await items()).items).toMatchObject([
      { at: iso(service.clock.now() - 1_000), waiting: 2, state: 'open', free: 5 },
      { at: iso(service.clock.now()), waiting: 2 },
    ]);
  });

  it('keeps minutes for 90 days, and seconds for an hour', async () => {
    for (let i = 0; i < 3; i += 1) {
      await service.history.keep();
      await service.pass(20_000);
    }
    await service.history.tidy();
    await service.history.tidy();
    expect((await items('?step=minute')).items).toHaveLength(1);
    await service.pass(3_600_000);
    await service.history.tidy();
    expect((await items()).items).toEqual([]);
    const from = iso(service.clock.now() - 86_400_000);
    expect((await items(`?step=minute&from=${from}`)).items).toHaveLength(1);
    await service.pass(90 * 86_400_000);
    await service.history.tidy();
    expect(
      (await items(`?step=minute&from=${from}&to=${iso(Date.parse(from) + 86_400_000)}`)).items,
    ).toEqual([]);
  });

  it('is asked for in bounds', async () => {
    const from = iso(service.clock.now() - 2 * 3_600_000);
    expect((await items(`?from=${from}`)).status).toBe(400);
    expect((await items(`?step=minute&from=${from}`)).status).toBe(200);
    expect((await items('?step=hour')).status).toBe(400);
    expect((await items(`?from=${iso(service.clock.now() + 1_000)}`)).status).toBe(400);
    const none = await service.call('GET', '/v1/sales/sale_00000000000000000000000000/history');
    expect(none.status).toBe(404);
  });
});
