import { type Preview, previewKey, previewSeconds } from '@fairgate/shared/preview/preview.ts';
import type { RoomRedis } from '@fairgate/shared/redis/open.ts';
import type { PreviewBoard } from '../app/check-ports.ts';

export function redisPreviews(redis: Pick<RoomRedis, 'set'>): PreviewBoard {
  return {
    async put(id, preview: Preview) {
      await redis.set(previewKey(id), JSON.stringify(preview), 'EX', previewSeconds);
    },
  };
}
