import { testClockKey } from '@fairgate/shared/room/clocked-scripts.ts';
import { roomKeyNames, roomKeys } from '@fairgate/shared/room/keys.ts';
import { redisRoom } from '@fairgate/shared/room/redis-room.ts';
import type { LookQuestion, LookReply, Room } from '@fairgate/shared/room/room.ts';
import type { Scripts } from '@fairgate/shared/room/scripts.ts';
import { Redis } from 'ioredis';

export const saleId = 'sale_sim';
/** A copy of the room, where asking changes nothing. */
const peekId = 'sale_sim_peek';

/** The real side of a simulation: one Redis, its room over two connections, and its clock. */
export type RoomSide = {
  rooms: readonly [Room, Room];
  setClock(ms: number): Promise<void>;
  /** Empties Redis, the clock aside. */
  empty(ms: number): Promise<void>;
  /**
   * What each of them would be told now, in one batch, from a copy of the room: nobody's heartbeat
   * is noted, and nobody is put back.
   */
  peek(questions: LookQuestion[]): Promise<LookReply[]>;
  end(): void;
};

const copyScript = `
local half = #KEYS / 2
redis.call('DEL', unpack(KEYS, half + 1))
for i = 1, half do redis.call('COPY', KEYS[i], KEYS[half + i]) end`;

/** Takes over the database behind the URL, which must be the simulation's own. */
export function roomSide(redisUrl: string, scripts: Scripts): RoomSide {
  const connections = [new Redis(redisUrl), new Redis(redisUrl)] as const;
  const [redis, other] = connections;
  const rooms = [redisRoom(redis, scripts), redisRoom(other, scripts)] as const;
  const copied = [...roomKeys(saleId), ...roomKeys(peekId)];
  const setClock = async (ms: number) => {
    await redis.set(testClockKey, ms);
  };
  return {
    rooms,
    setClock,
    async empty(ms) {
      await redis.flushall();
      await setClock(ms);
    },
    async peek(questions) {
      if (questions.length === 0) return [];
      const [, replies] = await Promise.all([
        redis.eval(copyScript, roomKeyNames.length * 2, ...copied),
        rooms[0].look(peekId, questions),
      ]);
      return replies;
    },
    end() {
      for (const connection of connections) connection.disconnect();
    },
  };
}
