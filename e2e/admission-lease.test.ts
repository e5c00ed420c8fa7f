import { newcomer, type RoomFields } from '@fairgate/shared/room/room.ts';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { type Checkouts, startCheckouts } from './faults/checkout-processes.ts';
import { type OwnPostgres, startOwnPostgres } from './faults/own-postgres.ts';
import { seedSale } from './faults/sale.ts';
import { openRoom } from './faults/test-room.ts';
import { holdsFor, waitFor } from './support/wait.ts';

let postgres: OwnPostgres;
let checkouts: Checkouts;
beforeAll(async () => {
  postgres = await startOwnPostgres();
  checkouts = await startCheckouts({ databaseUrl: postgres.url });
});
afterAll(async () => {
  await checkouts?.stop();
  await postgres?.stop();
});

/** CONTRACT.md, through ARCHITECTURE.md D10. */
const stopWithinMs = 3_000;

const toldShape = z.object({ state: z.string(), halted: z.boolean() });

/** A room with a crowd in it, as the queue service begins it: without a lease. */
async function crowdedRoom(saleId: string, changes: Partial<RoomFields> = {}) {
  const sale = { saleId, units: 1_000, productId: '', priceMinor: 0 };
  const wish = { admitPerMinute: 600, ...changes };
  const { room, redis, figures } = await openRoom(checkouts.redisUrl, sale, wish, false);
  onTestFinished(() => void redis.flushall().catch(() => {}));
  const crowd = Array.from({ length: 900 }, (_, i) => newcomer(`v${i}`));
  await room.join(saleId, crowd);
  const snapshot = async () => toldShape.parse(JSON.parse(await room.advanceJson(saleId, 0)));
  const admitted = async () => {
    await snapshot();
    return (await figures()).admittedTotal;
  };
  return { snapshot, admitted };
}

test('with Postgres away admission stops within 3 s, says so, and goes on when it is back', async () => {
  const { saleId } = await seedSale(checkouts.sql, { units: 1_000 });
  const { snapshot, admitted } = await crowdedRoom(saleId);
  await waitFor('the first ones being let in', 10, async () => (await admitted()) > 0);

  await postgres.end('SIGQUIT');
  const goneAt = Date.now();
  await waitFor('the doors being shut', 10, async () => (await snapshot()).halted);
  expect(Date.now() - goneAt).toBeLessThan(stopWithinMs);
  const before = await admitted();
  await holdsFor(2, async () => expect(await admitted()).toBe(before));

  await postgres.start();
  await waitFor('the next ones being let in', 20, async () => (await admitted()) > before);
  expect((await snapshot()).halted).toBe(false);
});

test('a scheduled sale does not open its doors while Postgres is away, and does when it is back', async () => {
  const { saleId } = await seedSale(checkouts.sql, { units: 1_000 });
  // In good order, for this Postgres may forget its last moment.
  await postgres.end('SIGINT');
  const startsAt = Date.now() + 1_000;
  const scheduled = { phase: 'scheduled', startsAt, lobbySeconds: 900 };
  const { snapshot, admitted } = await crowdedRoom(saleId, scheduled);
  await waitFor('the start', 10, async () => (await snapshot()).state === 'open');
  await waitFor('that being told', 10, async () => (await snapshot()).halted);
  expect(await admitted()).toBe(0);
  await postgres.start();
  await waitFor('the first ones being let in', 20, async () => (await admitted()) > 0);
});
