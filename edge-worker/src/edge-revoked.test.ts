import type { Revocation } from '@fairgate/shared/room/room.ts';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type EdgeClient, edgeClient, tokenWhenAdmitted } from '../../e2e/support/edge-client.ts';
import { type EdgeProcess, startEdge } from '../../e2e/support/edge-process.ts';
import { answered } from '../../e2e/support/http.ts';
import { expectProblem } from '../../e2e/support/problem.ts';
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
/** As the queue service tells the room. */
const revoke = async (saleId: string, revocations: Revocation[], admitPerMinute = 0) => {
  await rooms.open({ admitPerMinute, revocations: JSON.stringify(revocations) }, saleId);
};

/** Every way to use a ticket. */
async function expectRevoked(saleId: string, ticket: string): Promise<void> {
  const uses = [
    [placeOf(saleId), 'GET', {}],
    // Past the quick way (quick-poll.ts).
    [placeOf(saleId), 'GET', { 'x-request-id': 'by-the-app' }],
    [`${placeOf(saleId)}/token`, 'POST', {}],
    [placeOf(saleId), 'DELETE', {}],
    [placeOf(saleId), 'POST', {}],
  ] as const;
  for (const [path, method, headers] of uses) {
    const refused = await edge.raw(path, { method, headers, bearer: ticket });
    expectProblem(refused, 'token-revoked');
    expect(refused.headers.get('www-authenticate')).toContain('Bearer');
  }
}

async function scriptCalls(): Promise<number> {
  const stats = await rooms.redis.info('commandstats');
  return Number(/cmdstat_evalsha:calls=(\d+)/.exec(stats)?.[1] ?? 0);
}

const isRefused = async (saleId: string, ticket: string) =>
  (await edge.raw(placeOf(saleId), { bearer: ticket })).status === 401;

describe('a revoked place', () => {
  test('of a range is refused in every way within 2 s, and its neighbours stand', async () => {
    const saleId = await rooms.open({ admitPerMinute: 0 });
    const places = [await edge.join(saleId), await edge.join(saleId), await edge.join(saleId)];
    const [first, second, third] = places.map(({ ticket }) => ticket);
    await revoke(saleId, [{ id: '1', from: 2, to: 2 }]);
    await waitFor('the revocation', 2, () => isRefused(saleId, second!));
    await expectRevoked(saleId, second!);
    for (const ticket of [first!, third!]) {
      expect((await edge.poll(saleId, ticket)).state).toBe('waiting');
    }
    expect((await edge.poll(saleId, third!)).ahead).toBe(1);
  });

  test('of a visitor is refused when taken at once, and within 5 s when polled', async () => {
    const saleId = await rooms.open({ admitPerMinute: 60_000 });
    const { ticket } = await edge.join(saleId);
    await waitFor('the admission', 5, async () => {
      return (await edge.poll(saleId, ticket)).state === 'admitted';
    });
    const later = await rooms.open({ admitPerMinute: 0 });
    const waiting = await edge.join(later);
    const whom = (of: string) => ({ id: '1', to: 1, visitor: decodeJwt(of).sub ?? '' });
    await revoke(saleId, [whom(ticket)], 60_000);
    await expectRevoked(saleId, ticket);
    await revoke(later, [whom(waiting.ticket)]);
    // Ahead of the frontier it is the heartbeat that tells.
    await waitFor('the heartbeat', 5, () => isRefused(later, waiting.ticket));
    await expectRevoked(later, waiting.ticket);
    // From then on its polls cost the room nothing, however many.
    const before = await scriptCalls();
    for (let i = 0; i < 40; i += 1) {
      const refused = await edge.raw(placeOf(later), { bearer: waiting.ticket });
      expect(`${refused.status} ${refused.text}`).toContain('401');
    }
    expect((await scriptCalls()) - before).toBeLessThan(15);
  });

  test('is none where its shopper has bought: they are told so, whatever range they stand in', async () => {
    const saleId = await rooms.open({ admitPerMinute: 60_000 });
    const { ticket } = await edge.join(saleId);
    const { sub: visitor = '', jti = '' } = decodeJwt(
      await tokenWhenAdmitted(edge, saleId, ticket),
    );
    const about = { jti, visitor, number: 1, max: 1, taken: 1, returned: 0 };
    const spent = { ...about, kind: 'spent' as const, seq: 1, payBefore: Date.now() + 60_000 };
    await rooms.room.settle(saleId, [spent]);
    const other = await edge.join(saleId);
    await revoke(saleId, [{ id: '1', from: 1, to: 2 }]);
    await waitFor('the revocation', 2, () => isRefused(saleId, other.ticket));
    expect((await edge.poll(saleId, ticket)).state).toBe('done');
    await expectRevoked(saleId, other.ticket);
  });

  test('is forgotten by its browser’s page, and whoever comes without its ticket stands at the end', async () => {
    const saleId = await rooms.open({ admitPerMinute: 0 });
    const joined = await edge.raw(placeOf(saleId), { method: 'POST', json: {} });
    answered(joined, 201, joinShape);
    await edge.join(saleId);
    const jar = joined.headers.getSetCookie().map((it) => it.split(';')[0] ?? '');
    const [place = '', visitor = ''] = jar;
    await revoke(saleId, [{ id: '1', from: 1, to: 1 }]);
    await waitFor('the revocation', 2, async () => {
      return (await edge.raw(placeOf(saleId), { headers: { cookie: place } })).status === 401;
    });
    const page = await edge.raw(`/sales/${saleId}`, {
      headers: { cookie: jar.join('; ') },
    });
    expect([page.status, page.headers.get('location')]).toEqual([303, `/sales/${saleId}`]);
    expect(page.headers.getSetCookie()).toEqual([
      expect.stringMatching(/^fg_place_[^=]+=; .*Max-Age=0/),
    ]);
    const again = await edge.raw(placeOf(saleId), {
      method: 'POST',
      json: {},
      headers: { cookie: visitor },
    });
    const { ticket, place: fresh } = answered(again, 201, joinShape);
    expect(fresh).toMatchObject({ number: 3, ahead: 1 });
    expect((await edge.poll(saleId, ticket)).state).toBe('waiting');
  });
});
