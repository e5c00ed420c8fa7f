import { type RoomKeyName, roomKey } from '@fairgate/shared/room/keys.ts';
import { nodeScripts } from '@fairgate/shared/room/node-scripts.ts';
import { redisRoom } from '@fairgate/shared/room/redis-room.ts';
import {
  newcomer,
  type Room,
  type RoomBeginning,
  type RoomFields,
  type RoomFigures,
} from '@fairgate/shared/room/room.ts';
import { leaseForGood, noBeginning } from '@fairgate/shared/room/test-rooms.ts';
import { Redis } from 'ioredis';
import { eventually, type Rig } from './checkout-rig.ts';

/** For tests: the room of a rig's sale, as the queue service would make it. */
export type RoomRig = {
  redis: Redis;
  room: Room;
  figures(): Promise<RoomFigures>;
  key(name: RoomKeyName): string;
  /** Makes the room, anew where Redis lost it. */
  begin(start?: Partial<RoomBeginning>): Promise<void>;
  /** Joins, is let in and takes the token's place in the room; returns the token itself. */
  admitted(rig: Rig, visitor: string, max?: number): Promise<string>;
  close(): void;
};

export async function openRoom(
  redisUrl: string,
  saleId: string,
  changes: Partial<RoomFields> & { units: number },
): Promise<RoomRig> {
  const redis = new Redis(redisUrl);
  redis.on('error', () => {});
  const room = redisRoom(redis, nodeScripts());
  const fields = { ...defaults(saleId), ...changes };
  let revision = 0;
  const begin = async (start: Partial<RoomBeginning> = {}) => {
    revision += 1;
    const beginning = { ...noBeginning, free: fields.units, ...start };
    const made = await room.configure(saleId, revision, fields, beginning);
    if (made === 'created') await leaseForGood(redis, saleId);
  };
  const figures = async () => {
    const found = await room.figures(saleId);
    if (!found) throw new Error('there is no room');
    return found;
  };
  await begin();
  return {
    redis,
    room,
    figures,
    key: (name) => roomKey(saleId, name),
    begin,
    async admitted(rig, visitor, max = 1) {
      await room.join(saleId, [newcomer(visitor)]);
      const jti = jtiOf(saleId, visitor);
      const taken = await eventually(async () => {
        await room.advanceJson(saleId, 0);
        const reply = await room.take(saleId, visitor, 1, jti);
        return reply.outcome === 'issued' ? reply : null;
      });
      const exp = Math.floor(taken.untilMs / 1_000);
      return await rig.token({ jti, sub: visitor, number: taken.number, exp, max });
    },
    close: () => redis.disconnect(),
  };
}

function defaults(saleId: string): Omit<RoomFields, 'units'> {
  const startsAt = Date.now() - 1_000;
  const info = {
    id: saleId,
    name: 'Test sale',
    mode: 'fifo',
    startsAt: new Date(startsAt).toISOString(),
    endsAt: null,
    products: [],
  };
  return {
    name: 'Test sale',
    mode: 'fifo',
    phase: 'open',
    startsAt,
    endsAt: 0,
    info: JSON.stringify(info),
    admitPerMinute: 60_000,
    maxActive: 10_000,
    tokenSeconds: 60,
    abandonSeconds: 60,
    lobbySeconds: 0,
    maxUnitsPerShopper: 1,
    guaranteeStock: 1,
    message: '',
    placesPerAddress: 0,
    priorityShare: 0.5,
    revocations: '[]',
  };
}

/** The token's id that `admitted` takes. */
export function jtiOf(saleId: string, visitor: string): string {
  return `${visitor}-of-${saleId}`;
}
