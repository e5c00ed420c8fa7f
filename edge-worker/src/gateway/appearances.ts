import { roomKey } from '@fairgate/shared/room/keys.ts';
import type { Redis } from 'ioredis';
import type { AppearanceGateways } from '../app/appearance-ports.ts';

/** Reads the look that the queue service put beside the room. */
export function roomAppearances(
  redis: Pick<Redis, 'get'>,
  whenReady: () => Promise<void>,
): AppearanceGateways['appearance'] {
  return async (saleId) => {
    try {
      await whenReady();
      const json = await redis.get(roomKey(saleId, 'appearance'));
      return json === null ? { kind: 'none' } : { kind: 'found', json };
    } catch (error) {
      return { kind: 'unavailable', cause: String(error) };
    }
  };
}
