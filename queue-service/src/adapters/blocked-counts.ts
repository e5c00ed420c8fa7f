import { readFileSync } from 'node:fs';
import { blockedDays, blockedKey, blockedWholeField } from '@fairgate/shared/bans/suspects.ts';
import type { RoomRedis } from '@fairgate/shared/redis/open.ts';
import { z } from 'zod';
import type { BlockedCounts } from '../app/summary-ports.ts';

const script = readFileSync(
  new URL(import.meta.resolve('@fairgate/shared/bans/restore-blocked.lua')),
  'utf8',
);
const replySchema = z.array(z.string());

/** What gateways have counted of a sale's refused attempts. Errors are the connection's own. */
export function blockedCounts(redis: RoomRedis): BlockedCounts {
  return {
    async read(saleId) {
      const hash = await redis.hgetall(blockedKey(saleId));
      return { counts: countsIn(hash), isWhole: blockedWholeField in hash };
    },
    async restore(saleId, known) {
      const reply = await redis.eval(
        script,
        1,
        blockedKey(saleId),
        blockedWholeField,
        blockedDays * 86_400,
        ...Object.entries(known).flat(),
      );
      const flat = replySchema.parse(reply);
      const hash: Record<string, string> = {};
      for (let i = 0; i < flat.length; i += 2) hash[flat[i] ?? ''] = flat[i + 1] ?? '';
      return countsIn(hash);
    },
  };
}

function countsIn({ [blockedWholeField]: _, ...counts }: Record<string, string>) {
  return Object.fromEntries(
    Object.entries(counts).map(([reason, count]) => [reason, Number(count)]),
  );
}
