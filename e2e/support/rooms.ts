import { newId } from '@fairgate/shared/ids.ts';
import type { RoomRedis } from '@fairgate/shared/redis/open.ts';
import { catalogueKey } from '@fairgate/shared/room/keys.ts';
import { nodeScripts } from '@fairgate/shared/room/node-scripts.ts';
import { redisRoom } from '@fairgate/shared/room/redis-room.ts';
import type { Room, RoomFields } from '@fairgate/shared/room/room.ts';
import { leaseForGood, noBeginning } from '@fairgate/shared/room/test-rooms.ts';
import { roomSettingsDefaults, type SaleInfo } from '@fairgate/shared/sale.ts';
import { Redis } from 'ioredis';

/** Rooms made straight in Redis, as the queue service makes them, for tests of the edge alone. */
export type Rooms = {
  redis: Redis;
  room: Room;
  /** A public sale with one product; returns its id. */
  open(fields?: Partial<RoomFields>, saleId?: string, info?: Partial<SaleInfo>): Promise<string>;
  close(): void;
};

export function roomsIn(redisUrl: string): Rooms {
  const redis = new Redis(redisUrl);
  return { redis, ...roomsOn(redis), close: () => redis.disconnect() };
}

/** The same over a connection that somebody else closes, to a server or a cluster. */
export function roomsOn(redis: RoomRedis & Pick<Redis, 'hset'>): Pick<Rooms, 'room' | 'open'> {
  const room = redisRoom(redis, nodeScripts());
  return {
    room,
    async open(fields = {}, saleId = newId('sale'), info = {}) {
      const all = { ...defaultFields(saleId, fields), ...fields };
      all.info = JSON.stringify({ ...infoOf(saleId, all), ...info });
      await room.configure(saleId, Date.now(), all, { ...noBeginning, free: all.units });
      await leaseForGood(redis, saleId);
      const productId = infoOf(saleId, all).products[0]?.id ?? '';
      await room.picture(saleId, Date.now(), [{ productId, free: all.units, held: 0, sold: 0 }]);
      await redis.zadd(catalogueKey, all.startsAt, saleId);
      return saleId;
    },
  };
}

function defaultFields(saleId: string, given: Partial<RoomFields>): RoomFields {
  const startsAt = given.startsAt ?? Date.now() - 1_000;
  const { admitPerMinute, maxActive, tokenSeconds, abandonSeconds, lobbySeconds } =
    roomSettingsDefaults;
  const fields = {
    name: 'A <b>rare</b> thing',
    mode: 'fifo',
    phase: 'scheduled',
    startsAt,
    endsAt: 0,
    info: '',
    units: 1_000,
    admitPerMinute,
    maxActive,
    tokenSeconds,
    abandonSeconds,
    lobbySeconds,
    maxUnitsPerShopper: 2,
    guaranteeStock: 1 as const,
    message: '',
    placesPerAddress: 0,
    priorityShare: 0.5,
    revocations: '[]',
    ...given,
  };
  return { ...fields, info: JSON.stringify(infoOf(saleId, fields)) };
}

function infoOf(saleId: string, fields: RoomFields): SaleInfo {
  return {
    id: saleId,
    name: fields.name,
    mode: 'fifo',
    startsAt: new Date(fields.startsAt).toISOString(),
    endsAt: fields.endsAt > 0 ? new Date(fields.endsAt).toISOString() : null,
    bindTokens: 'optional',
    challenge: 'none',
    challengeAt: [],
    products: [
      {
        id: saleId.replace('sale_', 'prod_'),
        name: 'Seat & view',
        description: '',
        imageUrl: null,
        priceMinor: 4_500,
        currency: 'EUR',
        total: fields.units,
      },
    ],
  };
}
