import { createECDH, randomBytes } from 'node:crypto';
import { placeAskSchema } from '@fairgate/shared/notices/place-ask.ts';
import { asksKey } from '@fairgate/shared/room/keys.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type EdgeProcess, startEdge } from '../../e2e/support/edge-process.ts';
import { answered, type CallOptions, call } from '../../e2e/support/http.ts';
import { expectProblem } from '../../e2e/support/problem.ts';
import { type Rooms, roomsIn } from '../../e2e/support/rooms.ts';
import { joinShape } from '../../e2e/support/shapes.ts';
import { freshRedisUrl } from '../../e2e/support/stores.ts';
import { waitFor } from '../../e2e/support/wait.ts';

let edge: EdgeProcess;
let rooms: Rooms;
beforeAll(async () => {
  const redisUrl = await freshRedisUrl(afterAll);
  const publicKey = createECDH('prime256v1').generateKeys('base64url');
  edge = await startEdge({ redisUrl, bindings: { VAPID_PUBLIC_KEY: publicKey } });
  rooms = roomsIn(redisUrl);
}, 120_000);
afterAll(async () => {
  rooms?.close();
  await edge?.stop();
});

const placeOf = (saleId: string) => `${edge.url}/api/sales/${saleId}/place`;
const pushSubscription = {
  endpoint: 'https://fcm.googleapis.com/fcm/send/abc',
  keys: {
    p256dh: createECDH('prime256v1').generateKeys('base64url'),
    auth: randomBytes(16).toString('base64url'),
  },
};

async function join(saleId: string, json: object, headers: Record<string, string> = {}) {
  const answer = await call(placeOf(saleId), { method: 'POST', json, headers });
  return answered(answer, 201, joinShape);
}

const put = (saleId: string, json: object, more: CallOptions) =>
  call(`${placeOf(saleId)}/notices`, { method: 'PUT', json, ...more });

async function asksOf(saleId: string) {
  const entries = await rooms.redis.xrange(asksKey(saleId), '-', '+');
  return entries.map(([, fields]) => placeAskSchema.parse(JSON.parse(fields[1] ?? '')));
}

describe('who joins and asks to be told', () => {
  test('is kept with the place, the language being the browser’s where none is named', async () => {
    const saleId = await rooms.open({ admitPerMinute: 0 });
    const from = { 'accept-language': 'fr-CH, de;q=0.5' };
    const { place } = await join(saleId, { email: 'a@example.org', pushSubscription }, from);
    const asks = await waitFor('the ask', 5, async () => {
      const found = await asksOf(saleId);
      return found.length > 0 ? found : undefined;
    });
    expect(asks).toMatchObject([
      { email: 'a@example.org', language: 'fr', number: place.number, lane: 'main' },
    ]);
    expect(asks[0]?.pushSubscription).toEqual(pushSubscription);
    const ttl = await rooms.redis.ttl(asksKey(saleId));
    expect(ttl).toBeGreaterThan(86_000);
  });

  test('a plain join writes nothing', async () => {
    const saleId = await rooms.open({ admitPerMinute: 0 });
    const { ticket } = await join(saleId, { language: 'de' });
    // What comes after it is there, so what came before would be as well.
    await put(saleId, { email: 'b@example.org' }, { bearer: ticket });
    expect(await asksOf(saleId)).toMatchObject([{ email: 'b@example.org' }]);
  });

  test('with an endpoint that leads back in has the place, and the endpoint is told of later', async () => {
    const saleId = await rooms.open({ admitPerMinute: 0 });
    const inside = { ...pushSubscription, endpoint: 'https://169.254.169.254/latest' };
    const { ticket } = await join(saleId, { email: 'd@example.org', pushSubscription: inside });
    const asks = await waitFor('the ask', 5, async () => {
      const found = await asksOf(saleId);
      return found.length > 0 ? found : undefined;
    });
    expect(asks).toMatchObject([{ email: 'd@example.org' }]);
    expect(asks[0]).not.toHaveProperty('pushSubscription');
    const answer = await put(saleId, { pushSubscription: inside }, { bearer: ticket });
    expectProblem(answer, 'invalid-request');
    expect(answer.text).toContain('"path":"pushSubscription.endpoint"');
  });
});

describe('who has a place', () => {
  test('asks later, changes it and takes it back, with the ticket alone', async () => {
    const saleId = await rooms.open({ admitPerMinute: 0 });
    const { ticket } = await join(saleId, {});
    for (const wish of [
      { email: 'c@example.org', language: 'ja' },
      { pushSubscription },
      { email: null, pushSubscription: null },
    ]) {
      expect((await put(saleId, wish, { bearer: ticket })).status).toBe(204);
    }
    const [first, second, third] = await asksOf(saleId);
    expect(first).toMatchObject({ email: 'c@example.org', language: 'ja' });
    expect(second).not.toHaveProperty('email');
    expect(third).toMatchObject({ email: null, pushSubscription: null });
  });

  test('is refused an address that is none, another origin, and changes without end', async () => {
    const saleId = await rooms.open({ admitPerMinute: 0 });
    const { ticket } = await join(saleId, {});
    const own = { bearer: ticket };
    expectProblem(await put(saleId, { email: 'nobody' }, own), 'invalid-request');
    const endpoint = 'https://push.example.org/a';
    const plain = { pushSubscription: { ...pushSubscription, endpoint } };
    expectProblem(await put(saleId, plain, own), 'invalid-request');
    const cookie = `fg_place_${saleId}=${ticket}`;
    const foreign = { headers: { cookie, origin: 'https://evil.example' } };
    expectProblem(await put(saleId, { email: null }, foreign), 'forbidden');
    expectProblem(await put(saleId, { email: null }, {}), 'unauthorized');
    for (let i = 0; i < 10; i += 1) {
      expect((await put(saleId, { email: `${i}@example.org` }, own)).status).toBe(204);
    }
    const last = await put(saleId, { email: 'x@example.org' }, own);
    expectProblem(last, 'rate-limited');
    expect(Number(last.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await asksOf(saleId)).toHaveLength(10);
  });
});

test('the service worker may act for the whole origin, and is looked at anew each time', async () => {
  const answer = await call(`${edge.url}/notify.js`);
  expect(answer.status).toBe(200);
  expect(answer.headers.get('content-type')).toContain('text/javascript');
  expect(answer.headers.get('service-worker-allowed')).toBe('/');
  expect(answer.headers.get('cache-control')).toBe('no-cache');
  expect(answer.text).not.toContain("'fetch'");
});
