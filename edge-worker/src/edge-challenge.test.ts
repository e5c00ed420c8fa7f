import { blockedKey, parseSuspect, suspectsKey } from '@fairgate/shared/bans/suspects.ts';
import type { SaleInfo } from '@fairgate/shared/sale.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { altchaShape, solvedChallenge } from '../../e2e/support/altcha.ts';
import { type EdgeProcess, startEdge } from '../../e2e/support/edge-process.ts';
import { type Answer, answered, call, mapBounded } from '../../e2e/support/http.ts';
import { expectProblem } from '../../e2e/support/problem.ts';
import { type Rooms, roomsIn } from '../../e2e/support/rooms.ts';
import { joinShape, pollShape, tokenShape } from '../../e2e/support/shapes.ts';
import { freshRedisUrl } from '../../e2e/support/stores.ts';
import { waitFor } from '../../e2e/support/wait.ts';

// Two edge processes with the same keys and the same Redis, as two locations are.

let edges: EdgeProcess[];
let rooms: Rooms;
beforeAll(async () => {
  const redisUrl = await freshRedisUrl(afterAll);
  const bindings = { BAN_CHALLENGES_FAILED: '4' };
  const first = await startEdge({ redisUrl, clientsSayWhere: true, bindings });
  const { altchaKey, ticketKeys } = first.secrets;
  const same = { ALTCHA_KEY: altchaKey, TICKET_KEYS: JSON.stringify(ticketKeys) };
  const second = await startEdge({
    redisUrl,
    clientsSayWhere: true,
    bindings: { ...bindings, ...same },
  });
  edges = [first, second];
  rooms = roomsIn(redisUrl);
}, 120_000);
afterAll(async () => {
  rooms?.close();
  await Promise.all((edges ?? []).map((edge) => edge.stop()));
});

const urlOf = (edge: number) => edges[edge]?.url ?? '';
const placeOf = (saleId: string) => `/api/sales/${saleId}/place`;
const openWith = (challengeAt: SaleInfo['challengeAt'], admitPerMinute = 0) =>
  rooms.open({ admitPerMinute }, undefined, { challenge: 'altcha', challengeAt });
type Ask = { edge?: number; bearer?: string; headers?: Record<string, string> };
const post = (path: string, json: object, { edge = 0, ...rest }: Ask = {}) =>
  call(`${urlOf(edge)}${path}`, { method: 'POST', json, ...rest });
const join = (saleId: string, challenge?: unknown, ask?: Ask) =>
  post(placeOf(saleId), challenge === undefined ? {} : { challenge }, ask);
const solved = (saleId: string, headers?: Record<string, string>) =>
  solvedChallenge(urlOf(0), saleId, headers);

describe('a challenge', () => {
  test('is ALTCHA’s where the sale asks for it, and none is needed elsewhere', async () => {
    const saleId = await openWith(['join']);
    const answer = await call(`${urlOf(0)}/api/sales/${saleId}/challenge`);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answered(answer, 200, altchaShape).maxnumber).toBe(50_000);
    for (const other of [await rooms.open(), await openWith([])]) {
      const none = await call(`${urlOf(0)}/api/sales/${other}/challenge`);
      expect([none.status, none.text]).toEqual([204, '']);
      expect((await join(other)).status).toBe(201);
    }
    const sale = JSON.parse((await call(`${urlOf(0)}/api/sales/${saleId}`)).text);
    expect(sale).toMatchObject({ challenge: 'altcha', challengeAt: ['join'] });
  });

  test('takes more tries for a network that presses, and no more for its neighbours', async () => {
    const saleId = await openWith(['join']);
    const tries = async (address: string) => {
      const headers = { 'cf-connecting-ip': address };
      const answer = await call(`${urlOf(0)}/api/sales/${saleId}/challenge`, { headers });
      return answered(answer, 200, altchaShape).maxnumber;
    };
    const networks: [(i: number) => string, string][] = [
      [(i) => `203.0.113.${i}`, '203.0.112.1'],
      [(i) => `2001:db8:7:${i}::1`, '2001:db8:8::1'],
    ];
    for (const [address, neighbour] of networks) {
      const all = await mapBounded(Array.from({ length: 60 }), 1, (_, i) => tries(address(i)));
      expect(all[0]).toBe(50_000);
      expect(all.at(-1)).toBeGreaterThanOrEqual(100_000);
      expect(await tries(neighbour)).toBe(50_000);
    }
  });
});

describe('joining', () => {
  test('needs a solved challenge, which one of all that come with it at once can spend', async () => {
    const saleId = await openWith(['join']);
    expectProblem(await join(saleId), 'challenge-required');
    const challenge = await solved(saleId);
    const answers = await mapBounded(Array.from({ length: 20 }), 20, (_, i) =>
      join(saleId, challenge, { edge: i % 2 }),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    for (const answer of answers) {
      if (answer.status !== 201) expectProblem(answer, 'challenge-failed');
    }
    expect((await rooms.room.figures(saleId))?.joinedTotal).toBe(1);
  });

  test('with a challenge that was spent at another place of the edge is refused', async () => {
    const saleId = await openWith(['join']);
    const challenge = await solved(saleId);
    answered(await join(saleId, challenge, { edge: 0 }), 201, joinShape);
    expectProblem(await join(saleId, challenge, { edge: 1 }), 'challenge-failed');
  });

  test('with a wrong, changed, foreign or unsolved one is refused, and nobody stands in line', async () => {
    const saleId = await openWith(['join']);
    const other = await openWith(['join']);
    const { maxnumber: _, ...challenge } = answered(
      await call(`${urlOf(0)}/api/sales/${saleId}/challenge`),
      200,
      altchaShape,
    );
    for (const bad of ['solved', { ...challenge, number: -1 }, {}, await solved(other)]) {
      expectProblem(await join(saleId, bad), 'challenge-failed');
    }
    expect((await rooms.room.figures(saleId))?.joinedTotal).toBe(0);
  });

  test('again with the ticket, or with the cookie of the place, needs none', async () => {
    const saleId = await openWith(['join']);
    const first = await join(saleId, await solved(saleId));
    const { ticket, place } = answered(first, 201, joinShape);
    const again = answered(await join(saleId, undefined, { bearer: ticket }), 200, joinShape);
    expect(again.place.number).toBe(place.number);
    const cookies = first.headers.getSetCookie().map((cookie) => cookie.split(';')[0] ?? '');
    const placeCookie = cookies.find((cookie) => cookie.startsWith('fg_place')) ?? '';
    const visitorCookie = cookies.find((cookie) => cookie.startsWith('fg_visitor')) ?? '';
    const by = (cookie: string) => join(saleId, undefined, { headers: { cookie } });
    answered(await by(placeCookie), 200, joinShape);
    // The visitor alone may be anybody whom another sale let in without a challenge.
    expectProblem(await by(visitorCookie), 'challenge-required');
    const forged = placeCookie.replace(/.{4}$/, 'AAAA');
    expectProblem(await by(forged), 'challenge-required');
  });

  test('by a form, without JavaScript, is told in a page', async () => {
    const saleId = await openWith(['join']);
    const headers = { accept: 'text/html' };
    const told = await call(`${urlOf(0)}/sales/${saleId}/join`, { method: 'POST', headers });
    expect(told.status).toBe(403);
    expect(told.headers.get('content-type')).toMatch(/^text\/html/);
    expect(told.text).toContain('JavaScript');
  });
});

describe('taking the token', () => {
  const admitted = async (saleId: string): Promise<string> => {
    const { ticket } = answered(await join(saleId), 201, joinShape);
    await waitFor('the admission', 10, async () => {
      const answer = await call(`${urlOf(0)}${placeOf(saleId)}`, { bearer: ticket });
      return answered(answer, 200, pollShape).place.state === 'admitted';
    });
    return ticket;
  };
  const take = (saleId: string, bearer: string, challenge?: unknown): Promise<Answer> =>
    post(`${placeOf(saleId)}/token`, challenge === undefined ? {} : { challenge }, { bearer });

  test('needs a solved challenge once, and none for the same token again', async () => {
    const saleId = await openWith(['token'], 6_000);
    const ticket = await admitted(saleId);
    expectProblem(await take(saleId, ticket), 'challenge-required');
    expectProblem(await take(saleId, ticket, 'solved'), 'challenge-failed');
    const challenge = await solved(saleId);
    const { token } = answered(await take(saleId, ticket, challenge), 200, tokenShape);
    expect(answered(await take(saleId, ticket), 200, tokenShape).token).toBe(token);
    expect(answered(await take(saleId, ticket, challenge), 200, tokenShape).token).toBe(token);
    const other = await admitted(saleId);
    expectProblem(await take(saleId, other, challenge), 'challenge-failed');
  });

  test('too early is told without one, and does not spend one', async () => {
    const saleId = await openWith(['token']);
    const { ticket } = answered(await join(saleId), 201, joinShape);
    const challenge = await solved(saleId);
    expectProblem(await take(saleId, ticket), 'not-admitted');
    expectProblem(await take(saleId, ticket, challenge), 'not-admitted');
    await rooms.open({ admitPerMinute: 6_000 }, saleId, {
      challenge: 'altcha',
      challengeAt: ['token'],
    });
    await waitFor('the token', 10, async () => {
      return (await take(saleId, ticket, challenge)).status === 200;
    });
  });

  test('by a form, without JavaScript, is told in a page', async () => {
    const saleId = await openWith(['token'], 6_000);
    const ticket = await admitted(saleId);
    const headers = { accept: 'text/html', cookie: `fg_place_${saleId}=${ticket}` };
    const told = await call(`${urlOf(0)}/sales/${saleId}/buy`, { method: 'POST', headers });
    expect(told.status).toBe(403);
    expect(told.text).toContain('JavaScript');
  });
});

test('who fails often is told as a suspect, and what failed is counted for the sale', async () => {
  const saleId = await openWith(['join']);
  const headers = { 'cf-connecting-ip': '203.0.113.77' };
  for (let i = 0; i < 5; i += 1) await join(saleId, 'solved', { headers });
  const suspect = await waitFor('the suspect', 5, async () => {
    const all = (await rooms.redis.lrange(suspectsKey, 0, -1)).map(parseSuspect);
    return all.find(({ network }) => network === '203.0.113.77');
  });
  expect(suspect.signal).toBe('challenge-failed');
  await waitFor('the count', 5, async () => {
    return (await rooms.redis.hget(blockedKey(saleId), 'challenge-failed')) === '5';
  });
});
