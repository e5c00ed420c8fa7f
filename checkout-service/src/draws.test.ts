import { commitmentOf } from '@fairgate/shared/draw/commitment.ts';
import { drawKey } from '@fairgate/shared/draw/key.ts';
import { permutation } from '@fairgate/shared/draw/permutation.ts';
import { postgresLog } from '@fairgate/shared/log/postgres-log.ts';
import { newcomer } from '@fairgate/shared/room/room.ts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freshDatabaseUrl, freshRedisUrl } from '../../e2e/support/stores.ts';
import { eventually, makeRig, type Rig } from './testing/checkout-rig.ts';
import { openRoom, type RoomRig } from './testing/room-rig.ts';

const entrants = 30;
const secret = 'c0ffee00'.repeat(8);
let rig: Rig;
let room: RoomRig;

beforeAll(async () => {
  const redisUrl = await freshRedisUrl(afterAll);
  const databaseUrl = await freshDatabaseUrl(afterAll);
  rig = await makeRig({ databaseUrl, redisUrl, units: [50], instances: 2, loops: true });
  const { sql, saleId } = rig;
  const startsAt = Date.now() + 1_500;
  const more = { mode: 'lottery', phase: 'scheduled', startsAt, lobbySeconds: 900 };
  room = await openRoom(redisUrl, saleId, { units: 50, ...more });
  await sql`
    update sales set mode = 'lottery', phase = 'scheduled',
      starts_at = to_timestamp(${startsAt / 1_000}::float8) where id = ${saleId}`;
  await sql`
    insert into draws (sale_id, secret, commitment, randomness_url)
    values (${saleId}, ${secret}, ${commitmentOf(secret)}, '')`;
});
afterAll(async () => {
  room?.close();
  await rig?.close();
});

it('a lottery that the queue service does not draw is drawn by the checkouts, once, within seconds', async () => {
  const { sql, saleId } = rig;
  const visitors = Array.from({ length: entrants }, (_, i) => `visitor-${i + 1}`);
  await room.room.join(saleId, visitors.map(newcomer));
  await eventually(async () => {
    await room.room.advanceJson(saleId, 0);
    return (await room.figures()).draw !== null;
  });
  expect((await room.figures()).draw).toMatchObject({ lobbyLast: entrants, drawn: false });
  await eventually(async () => (await room.figures()).draw?.drawn === true, 8);
  const logs = postgresLog(async (work) => await work(sql));
  const draw = await eventually(async () => {
    const stored = await logs.draw(saleId);
    return stored !== null && stored.drawnAt !== null && stored;
  });
  const key = drawKey({ secret, lobbyHead: draw.lobbyHead ?? '', randomness: '' });
  expect(draw).toMatchObject({ key, entrants });
  const { rankOf } = permutation(key, entrants);
  const asked = visitors.map((visitor, i) => ({ visitor, number: i + 1, ordinal: 1 }));
  const places = await room.room.look(saleId, asked);
  expect(places.map(({ score }) => score)).toEqual(asked.map((_, i) => rankOf(i + 1) - 2 ** 30));
  const notes = await sql`select from ledger where sale_id = ${saleId} and action = 'sale.drawn'`;
  expect(notes).toHaveLength(1);
});
