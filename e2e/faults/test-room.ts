import { nodeScripts } from '@fairgate/shared/room/node-scripts.ts';
import { redisRoom } from '@fairgate/shared/room/redis-room.ts';
import type { Room, RoomFields, RoomFigures } from '@fairgate/shared/room/room.ts';
import { leaseForGood, noBeginning } from '@fairgate/shared/room/test-rooms.ts';
import { Redis } from 'ioredis';
import { onTestFinished } from 'vitest';
import type { FaultSale } from './sale.ts';

/** The sale's room in Redis, as the queue service makes it; until the test ends. */
export type TestRoom = { room: Room; redis: Redis; figures(): Promise<RoomFigures> };

/** `leased`: admits as if a checkout could always commit, until one leases it. */
export async function openRoom(
  redisUrl: string,
  sale: FaultSale,
  changes: Partial<RoomFields> = {},
  leased = true,
): Promise<TestRoom> {
  const redis = new Redis(redisUrl);
  onTestFinished(() => redis.disconnect());
  const room = redisRoom(redis, nodeScripts());
  const fields = { ...fieldsOf(sale), ...changes };
  await room.configure(sale.saleId, 1, fields, { ...noBeginning, free: sale.units });
  if (leased) await leaseForGood(redis, sale.saleId);
  return {
    room,
    redis,
    async figures() {
      const found = await room.figures(sale.saleId);
      if (found === null) throw new Error('there is no room');
      return found;
    },
  };
}

function fieldsOf(sale: FaultSale): RoomFields {
  return {
    name: 'Faults',
    mode: 'fifo',
    phase: 'open',
    startsAt: Date.now() - 1_000,
    endsAt: 0,
    info: '{}',
    units: sale.units,
    admitPerMinute: 60_000,
    maxActive: 1_000,
    tokenSeconds: 600,
    abandonSeconds: 600,
    lobbySeconds: 0,
    maxUnitsPerShopper: 1,
    guaranteeStock: 1,
    message: '',
    placesPerAddress: 0,
    priorityShare: 0.5,
    revocations: '[]',
  };
}
