import { verifyPurchaseToken } from '@fairgate/shared/token/purchase.ts';
import { parseTicketKeys, signTicket } from '@fairgate/shared/token/ticket.ts';
import { createLocalJWKSet, type JSONWebKeySet } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type EdgeClient, edgeClient, type Standing } from '../../e2e/support/edge-client.ts';
import { type EdgeProcess, startEdge } from '../../e2e/support/edge-process.ts';
import { answered, mapBounded } from '../../e2e/support/http.ts';
import { expectProblem } from '../../e2e/support/problem.ts';
import { type Rooms, roomsIn } from '../../e2e/support/rooms.ts';
import { joinShape, pollShape, saleListShape } from '../../e2e/support/shapes.ts';
import { freshRedisUrl } from '../../e2e/support/stores.ts';
import { waitFor } from '../../e2e/support/wait.ts';

let process_: EdgeProcess;
let rooms: Rooms;
let edge: EdgeClient;
beforeAll(async () => {
  const redisUrl = await freshRedisUrl(afterAll);
  process_ = await startEdge({ redisUrl });
  rooms = roomsIn(redisUrl);
  edge = edgeClient(process_.url);
}, 120_000);
afterAll(async () => {
  rooms?.close();
  await process_?.stop();
});

const placeOf = (saleId: string) => `/api/sales/${saleId}/place`;

describe('a place', () => {
  test('200 places joined one after another are admitted in that order', async () => {
    const saleId = await rooms.open({ admitPerMinute: 0 });
    const line: { ticket: string; number: number }[] = [];
    for (let i = 0; i < 200; i += 1) {
      const { ticket, place } = await edge.join(saleId);
      line.push({ ticket, number: place.number });
    }
    expect(line.map(({ number }) => number)).toEqual(line.map((_, i) => i + 1));
    const states = async () => {
      const polled = await mapBounded(line, 10, ({ ticket }) => edge.poll(saleId, ticket));
      return polled.map(({ state }) => state);
    };
    expect(new Set(await states())).toEqual(new Set(['waiting']));
    await rooms.open({ admitPerMinute: 6_000, maxActive: 50 }, saleId);
    // The polls of a round are not of one moment, so a round is judged when it has come to rest.
    const shown = await waitFor('the admissions', 20, async () => {
      const now = await states();
      return now.filter((state) => state === 'admitted').length === 50 ? now : undefined;
    });
    expect(shown.map((state) => state === 'admitted')).toEqual(line.map((_, i) => i < 50));
    await rooms.open({ admitPerMinute: 60_000, maxActive: 1_000 }, saleId);
    await waitFor('the rest', 20, async () => (await states()).every((it) => it === 'admitted'));
  }, 90_000);

  test('is the same for the same visitor: 201 the first time, 200 again', async () => {
    const saleId = await rooms.open({ admitPerMinute: 0 });
    const first = await edge.raw(placeOf(saleId), { method: 'POST' });
    const { ticket, place } = answered(first, 201, joinShape);
    const cookies = first.headers.getSetCookie();
    expect(cookies.map((it) => it.split('=')[0]).sort()).toEqual([
      `fg_place_${saleId}`,
      'fg_visitor',
    ]);
    for (const cookie of cookies) expect(cookie).toMatch(/; Path=\/; HttpOnly; SameSite=Lax$/);
    const byTicket = await edge.raw(placeOf(saleId), { method: 'POST', bearer: ticket });
    expect(answered(byTicket, 200, joinShape).place.number).toBe(place.number);
    for (const cookie of cookies.map((it) => it.split(';')[0] ?? '')) {
      const again = await edge.raw(placeOf(saleId), { method: 'POST', headers: { cookie } });
      expect(answered(again, 200, joinShape).place.number).toBe(place.number);
    }
    const cookie = cookies.map((it) => it.split(';')[0]).join('; ');
    const polled = await edge.raw(placeOf(saleId), { headers: { cookie } });
    expect(answered(polled, 200, pollShape).place.number).toBe(place.number);
  });

  test('knows how many are ahead and behind, people who left not counted', async () => {
    const saleId = await rooms.open({ admitPerMinute: 0 });
    const line: Standing[] = [];
    for (let i = 0; i < 5; i += 1) line.push(await edge.join(saleId));
    await edge.leave(saleId, line[1]?.ticket ?? '');
    const place = await waitFor('the leaving being counted', 3, async () => {
      const polled = await edge.poll(saleId, line[3]?.ticket ?? '');
      return polled.ahead === 2 && polled.behind === 1 ? polled : undefined;
    });
    expect(place).toMatchObject({ state: 'waiting', number: 4, lane: 'main', etaSeconds: null });
  });

  test('that was left is told so, and joining again gives a new one at the end', async () => {
    const saleId = await rooms.open({ admitPerMinute: 0 });
    const { ticket } = await edge.join(saleId);
    await edge.join(saleId);
    await edge.leave(saleId, ticket);
    await edge.leave(saleId, ticket);
    expect((await edge.poll(saleId, ticket)).state).toBe('left');
    const again = await edge.raw(placeOf(saleId), { method: 'POST', bearer: ticket });
    const rejoined = answered(again, 201, joinShape);
    expect(rejoined.place).toMatchObject({ state: 'waiting', number: 3 });
    expect((await edge.poll(saleId, rejoined.ticket)).number).toBe(3);
    // The old ticket shows the new place, and hands out its ticket: it moves nobody forward.
    const old = answered(await edge.raw(placeOf(saleId), { bearer: ticket }), 200, pollShape);
    expect(old.place.number).toBe(3);
    expect(old.ticket).toBeDefined();
  });

  test('that was left through another gateway is known after 5 s of polling', async () => {
    const saleId = await rooms.open({ admitPerMinute: 0 });
    const { ticket } = await edge.join(saleId);
    await edge.poll(saleId, ticket);
    const [visitor = ''] = await rooms.redis.zrange(`fg:{${saleId}}:line`, '0', '0');
    await rooms.room.leave(saleId, { visitor, number: 1, ordinal: 1 });
    await waitFor('the news', 5, async () => (await edge.poll(saleId, ticket)).state === 'left');
  });

  test('is in the lobby before the start, and waits from then on', async () => {
    const startsAt = Date.now() + 2_500;
    const saleId = await rooms.open({ startsAt, admitPerMinute: 0 });
    const { ticket, place } = await edge.join(saleId);
    expect(place).toMatchObject({ state: 'lobby', saleState: 'lobby' });
    await waitFor(
      'the start',
      6,
      async () => (await edge.poll(saleId, ticket)).state === 'waiting',
    );
  });
});

describe('a purchase token', () => {
  const admitted = async (fields = {}) => {
    const saleId = await rooms.open({ admitPerMinute: 6_000, ...fields });
    const { ticket } = await edge.join(saleId);
    const place = await waitFor('the admission', 5, async () => {
      const polled = await edge.poll(saleId, ticket);
      return polled.state === 'admitted' ? polled : undefined;
    });
    return { saleId, ticket, place };
  };

  test('is verified by the published keys, and is the same when asked for again', async () => {
    const { saleId, ticket, place } = await admitted();
    const [one, two] = [await edge.takeToken(saleId, ticket), await edge.takeToken(saleId, ticket)];
    expect(two).toEqual(one);
    expect(one.checkoutUrl).toBe(`${process_.url}/checkout?sale=${saleId}`);
    const published = await edge.raw('/.well-known/jwks.json');
    const jwks: JSONWebKeySet = JSON.parse(published.text);
    expect(JSON.stringify(jwks)).not.toContain('"d"');
    const verdict = await verifyPurchaseToken(one.token, createLocalJWKSet(jwks), Date.now());
    if (verdict.kind !== 'valid') throw new Error(verdict.kind);
    expect(verdict.claims).toMatchObject({ sale: saleId, number: place.number, max: 2 });
    const until = Math.floor(Date.parse(place.admittedUntil ?? '') / 1_000);
    expect([verdict.claims.exp, Date.parse(one.expiresAt) / 1_000]).toEqual([until, until]);
    expect(verdict.claims.nbf).toBe(verdict.claims.iat - 5);
    expect((await edge.poll(saleId, ticket)).state).toBe('issued');
  });

  test('is refused before the turn, after it, when left, and when spent', async () => {
    const token = (saleId: string, bearer: string) =>
      edge.raw(`${placeOf(saleId)}/token`, { method: 'POST', bearer });
    const waiting = await rooms.open({ admitPerMinute: 0 });
    const { ticket } = await edge.join(waiting);
    expectProblem(await token(waiting, ticket), 'not-admitted');
    await edge.leave(waiting, ticket);
    expectProblem(await token(waiting, ticket), 'place-expired');

    const late = await admitted({ tokenSeconds: 5 });
    await rooms.redis.hset(`fg:{${late.saleId}}:places`, ...(await overdue(late.saleId)));
    expectProblem(await token(late.saleId, late.ticket), 'place-expired');

    const spent = await admitted();
    const issued = await edge.takeToken(spent.saleId, spent.ticket);
    const claims = JSON.parse(
      Buffer.from(issued.token.split('.')[1] ?? '', 'base64url').toString(),
    );
    const report = { jti: claims.jti, visitor: claims.sub, number: claims.number, max: 2 };
    const ended = { ...report, seq: 1, taken: 1, returned: 0, payBefore: Date.now() + 60_000 };
    await rooms.room.settle(spent.saleId, [{ kind: 'spent', ...ended }]);
    expectProblem(await token(spent.saleId, spent.ticket), 'token-already-redeemed');
    expect((await edge.poll(spent.saleId, spent.ticket)).state).toBe('done');
    const again = await edge.raw(placeOf(spent.saleId), { method: 'POST', bearer: spent.ticket });
    expect(answered(again, 200, joinShape).place.state).toBe('done');
  });

  /** The records of a room's places with their deadlines moved into the past. */
  const overdue = async (saleId: string): Promise<string[]> => {
    const places = await rooms.redis.hgetall(`fg:{${saleId}}:places`);
    return Object.entries(places).flatMap(([visitor, record]) => {
      const parts = record.split('|');
      parts[4] = '1';
      return [visitor, parts.join('|')];
    });
  };
});

test('a ticket that falls short of a moved end is replaced', async () => {
  const endsAt = Date.now() + 3_600_000;
  const saleId = await rooms.open({ admitPerMinute: 0, endsAt });
  const { ticket } = await edge.join(saleId);
  expect((await pollRaw(saleId, ticket)).ticket).toBeUndefined();
  await rooms.open({ admitPerMinute: 0, endsAt: endsAt + 86_400_000 }, saleId);
  const renewed = await waitFor(
    'a new ticket',
    3,
    async () => (await pollRaw(saleId, ticket)).ticket,
  );
  expect((await pollRaw(saleId, renewed)).ticket).toBeUndefined();
  expect((await pollRaw(saleId, ticket)).place.number).toBe(1);
});

test('an expired ticket is refused as such', async () => {
  const saleId = await rooms.open();
  const keys = parseTicketKeys(JSON.stringify(process_.secrets.ticketKeys));
  const claims = { sale: saleId, sub: 'x', n: 1, ord: 1, lane: 'main', iat: 1, exp: 2 } as const;
  const answer = await edge.raw(placeOf(saleId), { bearer: signTicket(keys, claims) });
  expectProblem(answer, 'token-expired');
});

test('the list goes through all public sales, newest start first, page by page', async () => {
  const ids = [];
  for (let i = 0; i < 5; i += 1) {
    ids.push(await rooms.open({ startsAt: Date.now() + 3_600_000 * (i + 1) }));
  }
  const found: string[] = [];
  let cursor = '';
  for (let page = 0; page < 5; page += 1) {
    const answer = await edge.raw(`/api/sales?limit=2${cursor}`);
    const { items, nextCursor } = answered(answer, 200, saleListShape);
    found.push(...items.map(({ id }) => id));
    if (nextCursor === null) break;
    cursor = `&cursor=${nextCursor}`;
  }
  expect(found.slice(0, 5)).toEqual(ids.reverse());
  expect(new Set(found).size).toBe(found.length);
});

async function pollRaw(saleId: string, bearer: string) {
  return answered(await edge.raw(placeOf(saleId), { bearer }), 200, pollShape);
}
