import type { SaleInfo } from '@fairgate/shared/sale.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type EdgeProcess, startEdge } from '../../e2e/support/edge-process.ts';
import { answered, call, mapBounded } from '../../e2e/support/http.ts';
import { expectProblem } from '../../e2e/support/problem.ts';
import { type Rooms, roomsIn } from '../../e2e/support/rooms.ts';
import { joinShape, tokenShape } from '../../e2e/support/shapes.ts';
import { type Siteverify, startSiteverify } from '../../e2e/support/siteverify.ts';
import { freshRedisUrl } from '../../e2e/support/stores.ts';
import { waitFor } from '../../e2e/support/wait.ts';

let edge: EdgeProcess;
let rooms: Rooms;
let siteverify: Siteverify;
let redisUrl: string;
const siteKey = 'site-key';
beforeAll(async () => {
  redisUrl = await freshRedisUrl(afterAll);
  siteverify = await startSiteverify();
  edge = await startEdge({
    redisUrl,
    clientsSayWhere: true,
    bindings: bindings(siteverify.secret),
  });
  rooms = roomsIn(redisUrl);
}, 120_000);
afterAll(async () => {
  rooms?.close();
  await edge?.stop();
  await siteverify?.close();
});

const bindings = (secret: string) => ({
  TURNSTILE_SITE_KEY: siteKey,
  TURNSTILE_SECRET: secret,
  TURNSTILE_URL: siteverify.url,
});
const open = (challengeAt: SaleInfo['challengeAt'] = ['join']) =>
  rooms.open({ admitPerMinute: 6_000 }, undefined, { challenge: 'turnstile', challengeAt });
const placeOf = (saleId: string) => `/api/sales/${saleId}/place`;
const joinAt = (url: string, saleId: string, challenge: unknown, headers = {}) =>
  call(`${url}${placeOf(saleId)}`, { method: 'POST', json: { challenge }, headers });
const join = (saleId: string, challenge: unknown, headers = {}) =>
  joinAt(edge.url, saleId, challenge, headers);

test('the challenge names the site key, and is asked for nowhere else', async () => {
  const saleId = await open();
  const answer = await call(`${edge.url}/api/sales/${saleId}/challenge`);
  expect(answer.status).toBe(200);
  expect(JSON.parse(answer.text)).toEqual({ kind: 'turnstile', siteKey, cData: saleId });
});

test('a token is verified with the address of its shopper, and lets one of many in', async () => {
  const saleId = await open();
  const token = siteverify.issue({ action: 'join', cdata: saleId });
  const headers = { 'cf-connecting-ip': '203.0.113.7', 'x-forwarded-for': '192.0.2.1' };
  const answers = await mapBounded([1, 2, 3, 4, 5, 6], 6, () => join(saleId, token, headers));
  expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
  for (const answer of answers.filter(({ status }) => status !== 201)) {
    expectProblem(answer, 'challenge-failed');
  }
  const asked = siteverify.questions.filter(({ response }) => response === token);
  expect(new Set(asked.map(({ remoteip }) => remoteip))).toEqual(new Set(['203.0.113.7']));
  expect(new Set(asked.map(({ idempotency_key }) => idempotency_key)).size).toBe(1);
});

test('a token that nobody issued, or was used elsewhere before, is refused', async () => {
  const saleId = await open();
  expectProblem(await join(saleId, '0.made-up'), 'challenge-failed');
  expectProblem(await join(saleId, { number: 1 }), 'challenge-failed');
  expectProblem(await join(saleId, 'x'.repeat(3_000)), 'challenge-failed');
  const token = siteverify.issue();
  const elsewhere = { secret: siteverify.secret, response: token };
  await call(siteverify.url, { method: 'POST', json: elsewhere });
  expectProblem(await join(saleId, token), 'challenge-failed');
  expect((await rooms.room.figures(saleId))?.joinedTotal).toBe(0);
});

test('a token of another page, step or sale is refused, and one that names none is taken', async () => {
  const saleId = await open();
  const other = await open();
  for (const facts of [{ hostname: 'evil.example' }, { action: 'token' }, { cdata: other }]) {
    expectProblem(await join(saleId, siteverify.issue(facts)), 'challenge-failed');
  }
  answered(await join(saleId, siteverify.issue()), 201, joinShape);
});

test('while the verifier is away it is 503, and the same token is good when it is back', async () => {
  const saleId = await open();
  const token = siteverify.issue({ action: 'join', cdata: saleId });
  for (const mode of ['broken', 'internal-error', 'hangs'] as const) {
    siteverify.be(mode);
    const refused = await join(saleId, token);
    expectProblem(refused, 'unavailable');
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  }
  siteverify.be('well');
  answered(await join(saleId, token), 201, joinShape);
});

test('taking the token of an admission needs one of its own', async () => {
  const saleId = await open(['join', 'token']);
  const first = siteverify.issue({ action: 'join', cdata: saleId });
  const { ticket } = answered(await join(saleId, first), 201, joinShape);
  const take = (challenge: string) =>
    call(`${edge.url}${placeOf(saleId)}/token`, {
      method: 'POST',
      bearer: ticket,
      json: { challenge },
    });
  const early = siteverify.issue({ action: 'join', cdata: saleId });
  await waitFor('the admission', 10, async () => (await take(early)).status === 403);
  answered(await take(siteverify.issue({ action: 'token', cdata: saleId })), 200, tokenShape);
});

test('an edge that cannot ask says so, in its log with the setting’s name, and lets nobody by', async () => {
  const saleId = await open();
  const none = await startEdge({ redisUrl });
  const wrong = await startEdge({ redisUrl, bindings: bindings('another secret') });
  try {
    const challenge = await call(`${none.url}/api/sales/${saleId}/challenge`);
    expectProblem(challenge, 'unavailable');
    for (const url of [none.url, wrong.url]) {
      expectProblem(await joinAt(url, saleId, siteverify.issue()), 'unavailable');
    }
    await waitFor('the log', 5, async () => none.log().includes('TURNSTILE_SECRET'));
    await waitFor('the log', 5, async () => wrong.log().includes('invalid-input-secret'));
    expect(none.log() + wrong.log()).not.toContain('another secret');
  } finally {
    await Promise.all([none.stop(), wrong.stop()]);
  }
});
