import { readFileSync } from 'node:fs';
import { banListText, bansKey, parseBanList } from '@fairgate/shared/bans/ban.ts';
import type { RoomRedis } from '@fairgate/shared/redis/open.ts';
import { z } from 'zod';
import type { PublishedBans } from '../app/ports.ts';

const script = readFileSync(
  new URL(import.meta.resolve('@fairgate/shared/bans/publish-bans.lua')),
  'utf8',
);

/** The list of bans as gateways read it. Errors are the connection's own. */
export function publishedBans(redis: RoomRedis): PublishedBans {
  return {
    async read() {
      const text = await redis.get(bansKey);
      try {
        return text === null ? null : parseBanList(text);
      } catch {
        // Nobody else writes it; what cannot be read is replaced.
        return null;
      }
    },
    async publish(list) {
      const reply = await redis.eval(script, 1, bansKey, list.version, banListText(list));
      return z.string().parse(reply) === 'published' ? 'published' : 'older';
    },
  };
}
