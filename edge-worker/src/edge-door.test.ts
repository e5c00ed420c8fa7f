import { type BanKind, banListText, bansKey } from '@fairgate/shared/bans/ban.ts';
import { blockedKey, limitKey, parseSuspect, suspectsKey } from '@fairgate/shared/bans/suspects.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type EdgeProcess, startEdge } from '../../e2e/support/edge-process.ts';
import {
  type Answer,
  answered,
  type CallOptions,
  call,
  mapBounded,
} from '../../e2e/support/http.ts';
import { expectProblem } from '../../e2e/support/problem.ts';
import { type Rooms, roomsIn } from '../../e2e/support/rooms.ts';
import { joinShape } from '../../e2e/support/shapes.ts';
import { freshRedisUrl } from '../../e2e/support/stores.ts';
import { waitFor } from '../../e2e/support/wait.ts';

// The built Worker where this test plays the platform that says where requests come from.

let edge: EdgeProcess;
let rooms: Rooms;
beforeAll(async () => {
  const redisUrl = await freshRedisUrl(afterAll);
  const bindings = {
    LIMIT_LOOPBACK: '0',
    LIMIT_EXEMPT: '198.51.100.0/24',
    LIMIT_JOINS_PER_MINUTE: '5',
    BAN_JOINS_PER_MINUTE: '9',
    BAN_TICKETS_FORGED: '3',
  };
  edge = await startEdge({ redisUrl, clientsSayWhere: true, bindings });
  rooms = roomsIn(redisUrl);
}, 120_000);
afterAll(async () => {
  rooms?.close();
  await edge?.stop();
});

/** As the platform hands a request over. */
const from = (address: string, cf: object = {}): Record<string, string> => ({
  'cf-connecting-ip': address,
  'cf-blob': JSON.stringify(cf),
});
const ask = (path: string, headers: Record<string, string>, options: CallOptions = {}) =>
  call(`${edge.url}${path}`, { ...options, headers: { ...headers, ...options.headers } });
const placeOf = (saleId: string) => `/api/sales/${saleId}/place`;
const join = (saleId: string, headers: Record<string, string>) =>
  ask(placeOf(saleId), headers, { method: 'POST' });

let version = 0;
/** The whole list of bans, as the queue service publishes it. */
async function publish(...bans: [BanKind, string][]): Promise<void> {
  version += 1;
  const listed = bans.map(([kind, value], i) => ({ id: `ban_${i}`, kind, value, expiresAt: null }));
  await rooms.redis.set(bansKey, banListText({ version, bans: listed }));
}

const isBarred = (answer: Answer) => answer.status === 403 && answer.text.includes(':banned');
const becomes = (what: string, isSo: () => Promise<boolean>) => waitFor(what, 2, isSo);

describe('a ban', () => {
  test('of each kind acts within 2 s, lets others in, and is lifted within 2 s', async () => {
    const saleId = await rooms.open({ admitPerMinute: 0 });
    const mine = from('203.0.113.7', { country: 'XX', asn: 64_496 });
    const other = from('203.0.112.7', { country: 'DE', asn: 64_497 });
    const { ticket } = answered(await join(saleId, mine), 201, joinShape);
    const visitor = String(JSON.parse(atob(ticket.split('.')[1] ?? '')).sub);
    const kinds: [BanKind, string][] = [
      ['ip', '203.0.113.7'],
      ['cidr', '203.0.113.0/24'],
      ['country', 'XX'],
      ['asn', '64496'],
      ['visitor', visitor],
    ];
    const poll = () => ask(placeOf(saleId), mine, { bearer: ticket });
    for (const ban of kinds) {
      await publish(ban);
      await becomes(`the ban of ${ban[0]}`, async () => isBarred(await poll()));
      expect((await ask(`/api/sales/${saleId}`, other)).status).toBe(200);
      await publish();
      await becomes(`its lifting`, async () => (await poll()).status === 200);
    }
  }, 60_000);

  test('acts on every route of places, tokens and pages, and a browser is told in a page', async () => {
    const saleId = await rooms.open({ admitPerMinute: 0 });
    const mine = from('192.0.2.66');
    const { ticket } = answered(await join(saleId, mine), 201, joinShape);
    await publish(['ip', '192.0.2.66']);
    await becomes('the ban', async () => isBarred(await ask(placeOf(saleId), mine)));
    const calls: [string, string][] = [
      ['POST', placeOf(saleId)],
      ['GET', placeOf(saleId)],
      ['DELETE', placeOf(saleId)],
      ['POST', `${placeOf(saleId)}/token`],
      ['GET', `/api/sales/${saleId}`],
      ['GET', `/api/sales/${saleId}/challenge`],
      ['POST', `/sales/${saleId}/join`],
      ['POST', `/sales/${saleId}/buy`],
      ['GET', `/sales/${saleId}`],
      ['GET', '/'],
      ['POST', '/v1/redemptions'],
    ];
    for (const [method, path] of calls) {
      const answer = await ask(path, mine, { method, bearer: ticket });
      expect([method, path, expectProblem(answer, 'banned').status]).toEqual([method, path, 403]);
    }
    const page = await ask(`/sales/${saleId}`, { ...mine, accept: 'text/html' });
    expect(page.status).toBe(403);
    expect(page.headers.get('content-type')).toMatch(/^text\/html/);
    expect(page.text).toContain('No entry from here');
    expect((await ask('/healthz', mine)).status).toBe(200);
    await publish();
    await becomes('the end', async () => !isBarred(await ask(placeOf(saleId), mine)));
  });

  test('of a visitor follows them to any address, with a ticket that has expired too', async () => {
    const saleId = await rooms.open({ admitPerMinute: 0 });
    const first = await join(saleId, from('192.0.2.70'));
    const { ticket } = answered(first, 201, joinShape);
    const cookies = first.headers.getSetCookie().map((it) => it.split(';')[0] ?? '');
    const visitor = String(JSON.parse(atob(ticket.split('.')[1] ?? '')).sub);
    await publish(['visitor', visitor]);
    const there = from('192.0.2.71');
    const poll = () => ask(placeOf(saleId), there, { bearer: ticket });
    await becomes('the ban', async () => isBarred(await poll()));
    for (const cookie of cookies) {
      expect(isBarred(await join(saleId, { ...there, cookie }))).toBe(true);
    }
    expect((await join(saleId, there)).status).toBe(201);
    await publish();
    await becomes('the end', async () => (await poll()).status === 200);
  });

  test('holds while Redis has been emptied', async () => {
    const saleId = await rooms.open({ admitPerMinute: 0 });
    const mine = from('192.0.2.80');
    await publish(['ip', '192.0.2.80']);
    await becomes('the ban', async () => isBarred(await ask(placeOf(saleId), mine)));
    await rooms.redis.flushall();
    const startedMs = Date.now();
    while (Date.now() - startedMs < 3_000) {
      expect(isBarred(await ask(placeOf(saleId), mine))).toBe(true);
    }
    await publish();
    await becomes('the end', async () => !isBarred(await ask(placeOf(saleId), mine)));
  });

  test('is not got round by headers of one’s own, and they bring it on nobody', async () => {
    const saleId = await rooms.open({ admitPerMinute: 0 });
    const claims = { 'x-forwarded-for': '192.0.2.90', 'x-real-ip': '192.0.2.90' };
    await publish(['ip', '192.0.2.91']);
    const mine = from('192.0.2.91');
    await becomes('the ban', async () => isBarred(await ask(placeOf(saleId), mine)));
    expect(isBarred(await ask(placeOf(saleId), { ...mine, ...claims }))).toBe(true);
    await publish(['ip', '192.0.2.90']);
    await becomes('the other ban', async () => {
      return isBarred(await ask(placeOf(saleId), from('192.0.2.90')));
    });
    expect((await ask(`/api/sales/${saleId}`, { ...mine, ...claims })).status).toBe(200);
    await publish();
  });
});

describe('joins', () => {
  test('of one address are limited in a minute, of one /64 together, and of others apart', async () => {
    const saleId = await rooms.open({ admitPerMinute: 0 });
    const clients: [string, (i: number) => string][] = [
      ['203.0.113.50', () => '203.0.113.50'],
      ['2001:db8:0:7::/64', (i) => `2001:db8:0:7:${i}::${i}`],
    ];
    for (const [network, address] of clients) {
      const answers: Answer[] = [];
      for (let i = 0; i < 7; i += 1) answers.push(await join(saleId, from(address(i))));
      expect(answers.map(({ status }) => status)).toEqual([201, 201, 201, 201, 201, 429, 429]);
      const refused = answers.at(-1);
      if (!refused) throw new Error('no answer');
      expectProblem(refused, 'rate-limited');
      expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(60);
      expect(await rooms.redis.get(limitKey('join', network))).toBe('7');
      expect(await rooms.redis.ttl(limitKey('join', network))).toBeGreaterThan(50);
    }
    expect((await join(saleId, from('203.0.113.51'))).status).toBe(201);
    expect((await join(saleId, from('2001:db8:0:8::1'))).status).toBe(201);
  });

  test('at once are limited as one after another', async () => {
    const saleId = await rooms.open({ admitPerMinute: 0 });
    const all = Array.from({ length: 40 }, () => from('203.0.113.60'));
    const answers = await mapBounded(all, 40, (headers) => join(saleId, headers));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(5);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(35);
  });

  test('of loopback and of exempt networks are neither limited nor counted', async () => {
    const saleId = await rooms.open({ admitPerMinute: 0 });
    for (const address of ['127.0.0.1', '::1', '::ffff:127.0.0.1', '198.51.100.9']) {
      for (let i = 0; i < 8; i += 1) {
        expect((await join(saleId, from(address))).status).toBe(201);
      }
    }
    expect(await rooms.redis.keys('fg:limit:join:*127.0.0.1*')).toEqual([]);
    expect(await rooms.redis.keys('fg:limit:join:198.51.100.9')).toEqual([]);
  });
});

describe('a suspect', () => {
  const suspects = async (network: string) => {
    const all = await rooms.redis.lrange(suspectsKey, 0, -1);
    return all.map(parseSuspect).filter((one) => one.network === network);
  };

  test('is told once for so many joins in a minute, refused ones too', async () => {
    const saleId = await rooms.open({ admitPerMinute: 0 });
    for (let i = 0; i < 12; i += 1) await join(saleId, from('203.0.113.100'));
    const found = await suspects('203.0.113.100');
    expect(found).toEqual([{ network: '203.0.113.100', signal: 'join', count: 9 }]);
  });

  test('is told for forged tickets, and not for those of another sale', async () => {
    const saleId = await rooms.open({ admitPerMinute: 0 });
    const { ticket } = answered(await join(saleId, from('203.0.113.101')), 201, joinShape);
    const other = await rooms.open({ admitPerMinute: 0 });
    const forged = `${ticket.slice(0, -8)}AAAAAAAA`;
    for (let i = 0; i < 5; i += 1) {
      const foreign = await ask(placeOf(other), from('203.0.113.101'), { bearer: ticket });
      expectProblem(foreign, 'token-invalid');
      const answer = await ask(placeOf(saleId), from('203.0.113.102'), { bearer: forged });
      expectProblem(answer, 'token-invalid');
    }
    const found = await waitFor('the suspect', 5, async () => {
      const all = await suspects('203.0.113.102');
      return all.length > 0 ? all : undefined;
    });
    expect(found).toMatchObject([{ signal: 'ticket-forged' }]);
    expect(await suspects('203.0.113.101')).toEqual([]);
  });
});

test('refused attempts are counted for the sale by reason, and for no sale that there is not', async () => {
  const saleId = await rooms.open({ admitPerMinute: 0 });
  const guessed = `sale_${'0'.repeat(26)}`;
  for (let i = 0; i < 7; i += 1) await join(saleId, from('203.0.113.120'));
  await publish(['ip', '203.0.113.121']);
  const mine = from('203.0.113.121');
  await becomes('the ban', async () => isBarred(await ask(placeOf(guessed), mine)));
  const before = Number(await rooms.redis.hget(blockedKey(saleId), 'banned'));
  for (let i = 0; i < 3; i += 1) await ask(placeOf(saleId), mine);
  await waitFor('the counts', 5, async () => {
    const counts = await rooms.redis.hgetall(blockedKey(saleId));
    return counts['rate-limited'] === '2' && Number(counts.banned) === before + 3;
  });
  expect(await rooms.redis.exists(blockedKey(guessed))).toBe(0);
  await publish();
});

test('more than a hundred polls a second of one ticket are refused, and other tickets are not', async () => {
  const saleId = await rooms.open({ admitPerMinute: 0 });
  const mine = from('198.51.100.20');
  const { ticket } = answered(await join(saleId, mine), 201, joinShape);
  const others = answered(await join(saleId, mine), 201, joinShape);
  const refused = await waitFor('a refusal', 20, async () => {
    const burst = Array.from({ length: 300 }, () => ticket);
    const answers = await mapBounded(burst, 50, (bearer) => ask(placeOf(saleId), mine, { bearer }));
    return answers.find(({ status }) => status === 429);
  });
  expectProblem(refused, 'rate-limited');
  expect((await ask(placeOf(saleId), mine, { bearer: others.ticket })).status).toBe(200);
  await waitFor('the next second', 3, async () => {
    return (await ask(placeOf(saleId), mine, { bearer: ticket })).status === 200;
  });
}, 30_000);
