import { afterAll, expect, it } from 'vitest';
import { freshDatabaseUrl, freshRedisUrl } from '../../e2e/support/stores.ts';
import { eventually, makeRig } from './testing/checkout-rig.ts';
import { openRoom } from './testing/room-rig.ts';

it('what the reconciler sees, repairs and has seen is told at /metrics', async () => {
  const databaseUrl = await freshDatabaseUrl(afterAll);
  const redisUrl = await freshRedisUrl(afterAll);
  const rig = await makeRig({ databaseUrl, redisUrl, units: [5], loops: true });
  const room = await openRoom(redisUrl, rig.saleId, { units: 5 });
  afterAll(async () => {
    room.close();
    await rig.close();
  });
  const figure = async (name: string) => {
    const { body } = await rig.call('GET', '/metrics');
    const line = body.split('\n').find((text: string) => text.startsWith(`${name} `));
    return line === undefined ? undefined : Number(line.slice(name.length));
  };
  const differs = () => figure('fairgate_reconcile_differences{kind="budget"}');
  await eventually(async () => (await differs()) === 0);
  await room.redis.hincrby(room.key('room'), 'promised', 3);
  await eventually(async () => (await differs()) === 3, 20);
  expect(await figure('fairgate_reconcile_repairs_total{kind="budget"}')).toBe(3);
  await eventually(async () => (await differs()) === 0, 20);
  const since = await figure('fairgate_reconcile_whole_since_seconds');
  expect(Date.now() / 1_000 - (since ?? 0)).toBeLessThan(10);
}, 60_000);
