import { drawKey } from '@fairgate/shared/draw/key.ts';
import { permutation } from '@fairgate/shared/draw/permutation.ts';
import { RandomnessAway } from '@fairgate/shared/draw/randomness.ts';
import { testRunKey } from '@fairgate/shared/room/clocked-scripts.ts';
import { roomKeys } from '@fairgate/shared/room/keys.ts';
import { newcomer } from '@fairgate/shared/room/room.ts';
import { leaseForGood } from '@fairgate/shared/room/test-rooms.ts';
import { beforeEach, expect, it, onTestFinished } from 'vitest';
import { aSale, iso, type Service, startMs, testService } from '../../test/fixture.ts';

const sourceUrl = 'https://randomness.example';
const visitors = Array.from({ length: 40 }, (_, i) => `v${String(i + 1).padStart(2, '0')}`);

let service: Service;
/** What the source of randomness says; null: it is away. */
let said: string | null;
const askedAt: number[] = [];
beforeEach(async () => {
  said = 'ab'.repeat(32);
  askedAt.length = 0;
  service = await testService(onTestFinished, undefined, {
    url: sourceUrl,
    async randomness(_, closedAt) {
      askedAt.push(closedAt);
      if (said === null) throw new RandomnessAway('away');
      return said;
    },
  });
});

async function aLottery(): Promise<string> {
  const { saleId } = await aSale(service, {
    mode: 'lottery',
    startsAt: iso(startMs + 60_000),
    publish: true,
    room: { admitPerMinute: 6_000, maxActive: 100_000, guaranteeStock: false },
  });
  await service.room.join(saleId, visitors.map(newcomer));
  return saleId;
}

const fairness = async (saleId: string) =>
  (await service.call('GET', `/v1/sales/${saleId}/fairness`)).body;

async function start(saleId: string): Promise<void> {
  await service.pass(61_000);
  await service.room.advance(saleId, 0);
  await service.room.join(saleId, [newcomer('late')]);
}

/** Everybody's place, from what the room says of them. */
async function scores(saleId: string): Promise<number[]> {
  const asked = visitors.map((visitor, i) => ({ visitor, number: i + 1, ordinal: 1 }));
  return (await service.room.look(saleId, asked)).map(({ score }) => score);
}

it('a lobby is drawn in the pass after the start, with the randomness that was named before', async () => {
  const saleId = await aLottery();
  await service.keepLogs();
  expect(await fairness(saleId)).toMatchObject({
    entrants: null,
    drawSeed: null,
    counts: { joined: 40 },
  });
  await start(saleId);
  await service.keepLogs();
  const { drawSeed, lobbyHead, entrants, randomness, drawKey: key } = await fairness(saleId);
  expect({ entrants, randomness }).toEqual({ entrants: 40, randomness: said });
  expect(askedAt).toEqual([startMs + 61_000]);
  const parts = { secret: String(drawSeed), lobbyHead: String(lobbyHead), randomness: said ?? '' };
  expect(key).toBe(drawKey(parts));
  const { rankOf } = permutation(String(key), 40);
  expect(await scores(saleId)).toEqual(visitors.map((_, i) => rankOf(i + 1) - 2 ** 30));
});

it('while the randomness is away the draw waits and says why, and ten minutes later is done without', async () => {
  const saleId = await aLottery();
  said = null;
  await start(saleId);
  await service.keepLogs();
  expect(await fairness(saleId)).toMatchObject({ entrants: 40, drawKey: null, trouble: 'away' });
  expect((await service.room.figures(saleId))?.draw).toMatchObject({ lobbyLast: 40, drawn: false });
  await service.pass(599_000);
  await service.keepLogs();
  expect(await fairness(saleId)).toMatchObject({ drawKey: null });
  await service.pass(1_000);
  await service.keepLogs();
  expect(await fairness(saleId)).toMatchObject({ randomness: '', trouble: null });
  expect(await fairness(saleId)).toMatchObject({
    drawSeed: expect.stringMatching(/^[0-9a-f]{64}$/),
  });
});

it('a room that is lost after the draw has everybody at the same rank, and its log goes on above', async () => {
  const saleId = await aLottery();
  await start(saleId);
  await service.keepLogs();
  const before = await scores(saleId);
  // The draw is a new version of the sale: first its room is told, then what it would need is noted.
  await service.keeper.keepRooms();
  await service.keeper.keepRooms();
  await service.keepLogs();
  const { logSeq, drawKey: key } = await fairness(saleId);

  await service.redis.flushall();
  await service.setClock();
  await service.keeper.keepRooms();
  await leaseForGood(service.redis, saleId);
  expect(await scores(saleId)).toEqual(before);
  await service.keepLogs();
  const after = await fairness(saleId);
  expect(after).toMatchObject({ drawKey: key, inversions: 0, entrants: 40 });
  expect(Number(after.logSeq)).toBeGreaterThan(Number(logSeq) + 1_000_000);
  expect(after.counts).toMatchObject({ recovered: 1, back: 40, 'closed-lobby': 1 });

  await service.pass(13_000);
  await service.room.advance(saleId, 0);
  await service.keepLogs();
  const end = await fairness(saleId);
  expect(end).toMatchObject({ inversions: 0, admitted: 40 });
});

it('a room that is lost between the lobby and the draw is drawn by the lobby that was stored', async () => {
  const saleId = await aLottery();
  said = null;
  await start(saleId);
  await service.keepLogs();
  await service.keeper.keepRooms();
  const { lobbyHead } = await fairness(saleId);

  await service.redis.flushall();
  await service.setClock();
  await service.keeper.keepRooms();
  await leaseForGood(service.redis, saleId);
  await scores(saleId);
  await service.room.advance(saleId, 0);
  said = 'cd'.repeat(32);
  await service.keepLogs();
  const drawn = await fairness(saleId);
  expect(drawn).toMatchObject({ lobbyHead, entrants: 40, randomness: said });
  const { rankOf } = permutation(String(drawn.drawKey), 40);
  expect(await scores(saleId)).toEqual(visitors.map((_, i) => rankOf(i + 1) - 2 ** 30));
});

it('a Redis that lost the draw in its last second is told of it again', async () => {
  const saleId = await aLottery();
  await service.pass(61_000);
  await service.room.advance(saleId, 0);
  const saved = await Promise.all(
    roomKeys(saleId).map(async (key) => ({ key, dump: await service.redis.dumpBuffer(key) })),
  );
  await service.keepLogs();
  const before = await scores(saleId);
  expect(await fairness(saleId)).toMatchObject({ drawSeed: expect.any(String) });

  for (const { key, dump } of saved) {
    await service.redis.del(key);
    if (dump !== null) await service.redis.restore(key, 0, dump);
  }
  await service.redis.set(testRunKey, 'second');
  await service.room.advance(saleId, 0);
  expect((await service.room.figures(saleId))?.draw).toMatchObject({ drawn: false });
  await service.keepLogs();
  expect((await service.room.figures(saleId))?.draw).toMatchObject({ drawn: true });
  expect(await scores(saleId)).toEqual(before);
  await service.pass(13_000);
  await service.room.advance(saleId, 0);
  await service.keepLogs();
  expect(await fairness(saleId)).toMatchObject({ inversions: 0, admitted: 40 });
});
