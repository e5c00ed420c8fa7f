import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeProtectedHeader } from 'jose';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { type EdgeClient, edgeClient } from '../../e2e/support/edge-client.ts';
import { type EdgeProcess, startEdge } from '../../e2e/support/edge-process.ts';
import { answered } from '../../e2e/support/http.ts';
import { expectProblem } from '../../e2e/support/problem.ts';
import { type Rooms, roomsIn } from '../../e2e/support/rooms.ts';
import { joinShape } from '../../e2e/support/shapes.ts';
import { freshRedisUrl } from '../../e2e/support/stores.ts';
import { freePort } from '../../scripts/free-port.ts';
import { buildEdge } from '../../scripts/stack/edge-bundle.ts';

let redisUrl: string;
let rooms: Rooms;
let bundleFolder: string;
beforeAll(async () => {
  redisUrl = await freshRedisUrl(afterAll);
  rooms = roomsIn(redisUrl);
  const folder = mkdtempSync(join(tmpdir(), 'fairgate-tickets-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  bundleFolder = (await buildEdge(join(folder, 'bundle'))).folder;
}, 60_000);
afterAll(() => rooms?.close());

const placeOf = (saleId: string) => `/api/sales/${saleId}/place`;
const key = (kid: string) => ({ kid, k: randomBytes(32).toString('base64url') });
const setOf = (...keys: object[]) => JSON.stringify({ keys });

/** The edge anew with these settings, until the test ends or it is started again. */
function edges() {
  let running: EdgeProcess | undefined;
  onTestFinished(async () => await running?.stop());
  return async (bindings: Record<string, string>, port?: number): Promise<EdgeClient> => {
    await running?.stop();
    running = await startEdge({ redisUrl, bundleFolder, bindings, ...(port && { port }) });
    return edgeClient(running.url);
  };
}

test('a rotation of the ticket keys loses no place: old tickets count until their key is taken out, and are replaced by joining', async () => {
  const start = edges();
  const port = await freePort();
  const [old, next] = [key('old'), key('next')];
  const saleId = await rooms.open({ admitPerMinute: 0 });
  const kidOf = (ticket: string) => decodeProtectedHeader(ticket).kid;

  let edge = await start({ TICKET_KEYS: setOf(old) }, port);
  const before = await edge.join(saleId);
  const idle = await edge.raw(placeOf(saleId), { method: 'POST', json: {} });
  const cookie = idle.headers
    .getSetCookie()
    .map((it) => it.split(';')[0])
    .join('; ');
  const { place: idlePlace } = answered(idle, 201, joinShape);
  // Published, and not signing yet.
  edge = await start({ TICKET_KEYS: setOf(old, next) }, port);
  expect(kidOf((await edge.join(saleId)).ticket)).toBe('old');
  edge = await start({ TICKET_KEYS: setOf(next, old) }, port);
  expect(kidOf((await edge.join(saleId)).ticket)).toBe('next');
  expect((await edge.poll(saleId, before.ticket)).number).toBe(before.place.number);
  const again = await edge.raw(placeOf(saleId), {
    method: 'POST',
    json: {},
    bearer: before.ticket,
  });
  const renewed = answered(again, 200, joinShape);
  expect([renewed.place.number, kidOf(renewed.ticket)]).toEqual([before.place.number, 'next']);
  const byCookie = await edge.raw(placeOf(saleId), {
    method: 'POST',
    json: {},
    headers: { cookie },
  });
  expect(answered(byCookie, 200, joinShape).place.number).toBe(idlePlace.number);
  // What is left of the old key dies with it, and nothing else.
  edge = await start({ TICKET_KEYS: setOf(next) }, port);
  const refused = await edge.raw(placeOf(saleId), { bearer: before.ticket });
  expectProblem(refused, 'token-invalid');
  expect((await edge.poll(saleId, renewed.ticket)).number).toBe(before.place.number);
}, 60_000);

test('an edge under https gives cookies that are of this host alone, and reads no others', async () => {
  const edge = await edges()({ PUBLIC_ORIGIN: 'https://shop.example' });
  const saleId = await rooms.open({ admitPerMinute: 0 });
  const joined = await edge.raw(placeOf(saleId), { method: 'POST', json: {} });
  const { ticket } = answered(joined, 201, joinShape);
  const cookies = joined.headers.getSetCookie();
  expect(cookies.map((it) => it.split('=')[0])).toEqual([
    `__Host-fg_place_${saleId}`,
    '__Host-fg_visitor',
  ]);
  for (const one of cookies) {
    const attributes = one
      .split('; ')
      .slice(1)
      .map((it) => it.toLowerCase());
    expect(attributes).toEqual(
      expect.arrayContaining(['path=/', 'httponly', 'secure', 'samesite=lax']),
    );
    expect(one.toLowerCase()).not.toContain('domain');
  }
  const polled = (name: string) =>
    edge.raw(placeOf(saleId), { headers: { cookie: `${name}=${ticket}` } });
  expect((await polled(`__Host-fg_place_${saleId}`)).status).toBe(200);
  expectProblem(await polled(`fg_place_${saleId}`), 'unauthorized');
});

test('a ticket is in no URL: none is read there, and none is put there, nor into a page', async () => {
  const edge = await edges()({});
  const saleId = await rooms.open({ admitPerMinute: 0 });
  const { ticket } = await edge.join(saleId);
  for (const name of ['ticket', 'token', 'access_token', 'authorization', `fg_place_${saleId}`]) {
    const path = `${placeOf(saleId)}?${name}=${ticket}`;
    expectProblem(await edge.raw(path), 'unauthorized');
    expectProblem(
      await edge.raw(`${placeOf(saleId)}/token?${name}=${ticket}`, { method: 'POST' }),
      'unauthorized',
    );
    const page = await edge.raw(`/sales/${saleId}?${name}=${ticket}`);
    expect(page.text).toContain('data-place=""');
  }
  const form = await edge.raw(`/sales/${saleId}/join`, { method: 'POST' });
  const cookie = form.headers
    .getSetCookie()
    .map((it) => it.split(';')[0])
    .join('; ');
  const given = /fg_place_[^=]+=([^;]+)/.exec(cookie)?.[1] ?? '';
  expect(given).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
  expect([form.status, form.headers.get('location')]).toEqual([303, `/sales/${saleId}`]);
  const page = await edge.raw(`/sales/${saleId}`, { headers: { cookie } });
  expect(page.text).toContain('data-place="waiting"');
  for (const part of given.split('.').slice(1)) expect(page.text).not.toContain(part);
});
