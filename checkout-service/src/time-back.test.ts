import { afterAll, beforeAll, expect, it } from 'vitest';
import { freshDatabaseUrl, freshRedisUrl } from '../../e2e/support/stores.ts';
import { eventually, makeRig, type Rig } from './testing/checkout-rig.ts';
import { figure, slugOf } from './testing/rigs.ts';
import { jtiOf, openRoom, type RoomRig } from './testing/room-rig.ts';

let rig: Rig;
let room: RoomRig;
const tokenSeconds = 18;

beforeAll(async () => {
  const redisUrl = await freshRedisUrl(afterAll);
  const databaseUrl = await freshDatabaseUrl(afterAll);
  rig = await makeRig({ databaseUrl, redisUrl, units: [5], instances: 2, loops: true });
  room = await openRoom(redisUrl, rig.saleId, { units: 5, tokenSeconds, maxActive: 1 });
});
afterAll(async () => {
  await rig.close();
  room.close();
});

/** Postgres refuses to have this token spent, and nothing else: no outage that anybody else sees. */
async function refuseToSpend(jti: string): Promise<() => Promise<void>> {
  await rig.sql.unsafe(`
    create or replace function refuse() returns trigger language plpgsql as $$
    begin
      if new.jti = '${jti}' and new.kind = 'order' then raise exception 'made so'; end if;
      return new;
    end $$;
    create or replace trigger refuse before insert on redemptions
      for each row execute function refuse()`);
  return async () => {
    await rig.sql`drop trigger refuse on redemptions`;
  };
}

it('who met our 503 gets time back, buys with the token of the later end, and nobody is let in meanwhile', async () => {
  const token = await room.admitted(rig, 'shopper');
  const jti = jtiOf(rig.saleId, 'shopper');
  const { untilMs } = await room.room.take(rig.saleId, 'shopper', 1, jti);
  const letGo = await refuseToSpend(jti);
  const refused = await rig.redeem(token);
  expect([refused.status, slugOf(refused)]).toEqual([503, 'unavailable']);
  expect(refused.body.detail).toContain('given back');
  // The later the last refusal, the later the end that is given: the rest of this has time then. They
  // come closer together than what ends the fault (`faultQuietMs`), on a busy machine as well.
  for (const leftMs of [15_000, 12_000]) {
    await eventually(async () => Date.now() > untilMs - leftMs, tokenSeconds);
    expect((await rig.redeem(token)).status).toBe(503);
  }
  await letGo();

  const given = await eventually(async () => {
    const taken = await room.room.take(rig.saleId, 'shopper', 1, jti);
    return taken.untilMs > untilMs ? taken : null;
  }, 15);
  expect(given.untilMs).toBeLessThanOrEqual(Date.now() + tokenSeconds * 1_000);
  expect(await figure(rig, 'fairgate_time_back_total{outcome="given"}')).toBe(1);

  await room.room.join(rig.saleId, [{ visitor: 'next', number: 0, ordinal: 1 }]);
  // Where its time had not been given back, it would be settled as lapsed now.
  await eventually(async () => Date.now() > untilMs + 5_500, 15);
  expect(await rig.sql`select from redemptions where jti = ${jti}`).toHaveLength(0);
  await room.room.advanceJson(rig.saleId, 0);
  expect((await room.figures()).admittedTotal).toBe(1);
  const late = await rig.redeem(token);
  expect([late.status, slugOf(late)]).toEqual([401, 'token-expired']);
  expect(late.body.detail).toContain('ask the sale for the token again');

  const exp = Math.floor(given.untilMs / 1_000);
  const again = await rig.token({ jti, sub: 'shopper', number: given.number, exp });
  expect((await rig.redeem(again)).status).toBe(201);
}, 60_000);
