import { parsePassKeys, signPass } from '@fairgate/shared/token/pass.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type EdgeClient, edgeClient } from '../../e2e/support/edge-client.ts';
import { type EdgeProcess, startEdge } from '../../e2e/support/edge-process.ts';
import { type Answer, answered } from '../../e2e/support/http.ts';
import { expectProblem, mistakePaths } from '../../e2e/support/problem.ts';
import { type Rooms, roomsIn } from '../../e2e/support/rooms.ts';
import { joinShape } from '../../e2e/support/shapes.ts';
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
let passes = 0;
/** A pass as the queue service makes them. */
function newPass(sale: string, wish: { exp?: number; keys?: string } = {}): string {
  passes += 1;
  const now = Math.floor(Date.now() / 1_000);
  const keys = parsePassKeys(wish.keys ?? JSON.stringify(process_.secrets.passKeys));
  const jti = `pass${passes}`.padEnd(16, '0');
  return signPass(keys, { sale, lane: 'priority', jti, iat: now, exp: wish.exp ?? now + 60 });
}

async function join(saleId: string, pass?: string, bearer?: string): Promise<Answer> {
  const json = pass === undefined ? {} : { pass };
  return await edge.raw(placeOf(saleId), { method: 'POST', json, ...(bearer && { bearer }) });
}

describe('a pass', () => {
  test('lets into the priority lane once: who came with it keeps the place, all others are told', async () => {
    const saleId = await rooms.open({ admitPerMinute: 0 });
    await edge.join(saleId);
    const pass = newPass(saleId);
    const first = answered(await join(saleId, pass), 201, joinShape);
    expect(first.place).toMatchObject({ lane: 'priority', number: 2 });
    const again = answered(await join(saleId, pass, first.ticket), 200, joinShape);
    expect(again.place).toMatchObject({ lane: 'priority', number: 2 });
    // Whoever waits in the main lane is not ahead.
    await waitFor('the snapshot', 2, async () => {
      const polled = await edge.poll(saleId, first.ticket);
      return polled.lane === 'priority' && polled.ahead === 0;
    });
    const refused = expectProblem(await join(saleId, pass), 'conflict');
    expect(refused.detail).toContain('used');
    expect((await rooms.room.figures(saleId))?.joinedTotal).toBe(2);
  });

  test('that comes from many at once lets in one of them', async () => {
    const saleId = await rooms.open({ admitPerMinute: 0 });
    const pass = newPass(saleId);
    const answers = await Promise.all(Array.from({ length: 20 }, () => join(saleId, pass)));
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses).toEqual([201, ...Array(19).fill(409)]);
    expect((await rooms.room.figures(saleId))?.joinedTotal).toBe(1);
  });

  test('moves who waits in the main lane, and a spent one costs them nothing', async () => {
    const saleId = await rooms.open({ admitPerMinute: 0 });
    const spent = newPass(saleId);
    await join(saleId, spent);
    const { ticket, place } = await edge.join(saleId);
    expectProblem(await join(saleId, spent, ticket), 'conflict');
    expect(await edge.poll(saleId, ticket)).toMatchObject({ lane: 'main', number: place.number });
    const moved = answered(await join(saleId, newPass(saleId), ticket), 201, joinShape);
    expect(moved.place).toMatchObject({ lane: 'priority', number: 3 });
    // The ticket of before is still theirs.
    expect(await edge.poll(saleId, moved.ticket)).toMatchObject({ lane: 'priority', number: 3 });
    expect((await rooms.room.figures(saleId))?.waiting).toBe(2);
  });

  test('comes by the page’s form too', async () => {
    const saleId = await rooms.open({ admitPerMinute: 0 });
    const pass = newPass(saleId);
    const form = (text: string) =>
      edge.raw(`/sales/${saleId}/join`, {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'text/html' },
        body: new URLSearchParams({ pass: text }).toString(),
      });
    const joined = await form(` ${pass}\n`);
    expect([joined.status, joined.headers.get('location')]).toEqual([303, `/sales/${saleId}`]);
    const cookie = joined.headers
      .getSetCookie()
      .map((it) => it.split(';')[0])
      .join('; ');
    const page = await edge.raw(`/sales/${saleId}`, { headers: { cookie } });
    expect(page.text).toContain('In the priority lane');
    const again = await form(pass);
    expect([again.status, again.text.includes('or was used already')]).toEqual([409, true]);
    expect((await form('')).status).toBe(303);
  });
});

describe('a pass that is none', () => {
  test('of this sale, of ours, or of this time is refused by its name, and nobody has joined', async () => {
    const saleId = await rooms.open({ admitPerMinute: 0 });
    const other = await rooms.open({ admitPerMinute: 0 });
    const { ticket } = await edge.join(other);
    const good = newPass(saleId);
    const foreign = JSON.stringify({ keys: [{ kid: 'x', k: 'x'.repeat(43) }] });
    const bad = [
      newPass(other),
      newPass(saleId, { keys: foreign }),
      newPass(saleId, { exp: Math.floor(Date.now() / 1_000) - 1 }),
      ticket,
      `${good.slice(0, -2)}AA`,
      'nonsense',
    ];
    for (const pass of bad) {
      const refused = await edge.raw(placeOf(saleId), { method: 'POST', json: { pass } });
      expect(mistakePaths(expectProblem(refused, 'invalid-request'))).toEqual(['pass']);
      const form = await edge.raw(`/sales/${saleId}/join`, {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams({ pass }).toString(),
      });
      expect(form.status).toBe(400);
    }
    expect((await rooms.room.figures(saleId))?.joinedTotal).toBe(0);
  });

  test('is not looked for in a query', async () => {
    const saleId = await rooms.open({ admitPerMinute: 0 });
    const path = `${placeOf(saleId)}?pass=nonsense`;
    expect((await edge.raw(path, { method: 'POST', json: {} })).status).toBe(201);
  });
});
