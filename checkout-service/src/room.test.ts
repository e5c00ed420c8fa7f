import { nodeScripts } from '@fairgate/shared/room/node-scripts.ts';
import { redisRoom } from '@fairgate/shared/room/redis-room.ts';
import type { Room } from '@fairgate/shared/room/room.ts';
import { newcomer } from '@fairgate/shared/room/room.ts';
import { noBeginning } from '@fairgate/shared/room/test-rooms.ts';
import type { PurchaseClaims } from '@fairgate/shared/token/purchase.ts';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshDatabaseUrl, freshRedisUrl } from '../../e2e/support/stores.ts';
import { eventually, makeRig, type Rig } from './testing/checkout-rig.ts';
import { roomFields } from './testing/room-fields.ts';

let rig: Rig;
let redis: Redis;
let room: Room;
const units = 5;
const fields = { ...roomFields, units };
const beginning = { ...noBeginning, free: units };

beforeAll(async () => {
  const redisUrl = await freshRedisUrl(afterAll);
  const databaseUrl = await freshDatabaseUrl(afterAll);
  rig = await makeRig({ databaseUrl, redisUrl, units: [units], instances: 2, loops: true });
  redis = new Redis(redisUrl);
  room = redisRoom(redis, nodeScripts());
  await room.configure(rig.saleId, 1, fields, beginning);
});
afterAll(async () => {
  await rig.close();
  redis.disconnect();
});

/** Joins, is let in and takes the token's place in the room; returns the token itself. */
async function admitted(visitor: string, more: Partial<PurchaseClaims> = {}) {
  await room.join(rig.saleId, [visitor].map(newcomer));
  const jti = `jti-${visitor}`;
  const taken = await eventually(async () => {
    await room.advanceJson(rig.saleId, 0);
    const reply = await room.take(rig.saleId, visitor, 1, jti);
    return reply.outcome === 'issued' ? reply : null;
  });
  const exp = Math.floor(taken.untilMs / 1_000);
  return await rig.token({ jti, sub: visitor, number: taken.number, exp, ...more });
}
const figures = async () => {
  const found = await room.figures(rig.saleId);
  if (!found) throw new Error('there is no room');
  return found;
};

describe('what the room hears from the checkout', () => {
  it('a spent token, and the stock after it', async () => {
    const { body } = await rig.redeem(await admitted('buyer'));
    await eventually(async () => (await figures()).redeemed === 1);
    const stock = await eventually(async () => {
      const found = (await figures()).stock;
      return found[rig.products[0]!] === `${units - 1}:1:0` ? found : null;
    });
    expect(stock.held).toBe('1');
    const { order, orderKey } = body;
    await rig.call('POST', `/v1/orders/${order.id}/cancel`, { key: orderKey });
    await eventually(async () => (await figures()).stock[rig.products[0]!] === `${units}:0:0`);
    await eventually(async () => {
      const left = await rig.sql`select from outbox where topic = 'room'`;
      return left.length === 0;
    });
  });

  it('a token that was not spent lapses, and then cannot be spent', async () => {
    // By itself the token would be good for an hour yet: only the row says that it is not.
    const exp = Math.floor(Date.now() / 1_000) + 3_600;
    const token = await admitted('late', { exp });
    const before = (await figures()).expired;
    await eventually(async () => (await figures()).expired === before + 1, 15);
    const [row] = await rig.sql`select kind, number from redemptions where jti = 'jti-late'`;
    expect(row).toEqual({ kind: 'lapsed', number: '2' });
    expect((await rig.redeem(token)).body.type).toBe('urn:fairgate:problem:token-expired');
  });

  it('reports wait while there is no room, and are delivered once it is back', async () => {
    const token = await admitted('waiting');
    await redis.flushall();
    expect((await rig.redeem(token)).status).toBe(201);
    const reports = async () => (await rig.sql`select from outbox where topic = 'room'`).length;
    await eventually(async () => (await reports()) > 0);
    await room.configure(rig.saleId, 2, fields, { ...beginning, next: 10_000 });
    await eventually(async () => (await reports()) === 0);
    expect((await figures()).redeemed).toBe(1);
  });
});
