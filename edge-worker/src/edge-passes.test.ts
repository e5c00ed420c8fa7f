import { parsePassKeys, signPass } from '@fairgate/shared/token/pass.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type EdgeClient, edgeClient } from '../../e2e/support/edge-client.ts';
import { type EdgeProcess, startEdge } from '../../e2e/support/edge-process.ts';
import { expectProblem, mistakePaths } from '../../e2e/support/problem.ts';
import { type Rooms, roomsIn } from '../../e2e/support/rooms.ts';
import { freshRedisUrl } from '../../e2e/support/stores.ts';

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
