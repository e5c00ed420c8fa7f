import { previewKey } from '@fairgate/shared/preview/preview.ts';
import type { Redis } from 'ioredis';
import type { PreviewGateways } from '../app/preview-ports.ts';

/** Reads what the queue service wrote, as long as it is there. */
export function keptPreviews(
  redis: Pick<Redis, 'get'>,
  whenReady: () => Promise<void>,
): PreviewGateways['preview'] {
  return async (id) => {
    try {
      await whenReady();
      const json = await redis.get(previewKey(id));
      return json === null ? { kind: 'unknown' } : { kind: 'found', json };
    } catch (error) {
      return { kind: 'unavailable', cause: String(error) };
    }
  };
}
