import { z } from 'zod';
import type { NearLists } from '../app/near-lists.ts';

const listSchema = z.object({
  atMs: z.number(),
  snapshots: z.array(z.string()),
  nextCursor: z.string().nullable(),
});

/** The shortest that a cache knows; how old a list may be is its reader's to say. */
const headers = { 'content-type': 'application/json', 'cache-control': 'public, max-age=1' };
/** Longer than any cache near by takes; the room itself is asked instead. */
const waitMsMax = 250;

type OneCache = Pick<Cache, 'match' | 'put'>;

/**
 * Cloudflare's Cache API (ADR 0027): what is put is there for the whole data centre. Its addresses are
 * of our own origin, as the platform wants it, in a cache by a name of its own: no request from
 * outside can read or fill it. Where there is none (workers.dev, plain workerd) nothing is held.
 */
export function cachedLists(
  open: () => Promise<OneCache>,
  origin: string,
  sleep: (ms: number) => Promise<void>,
): NearLists {
  const addressOf = (limit: number, cursor: string | null) =>
    `${origin}/api/sales?${new URLSearchParams({ limit: `${limit}`, cursor: cursor ?? '' })}`;
  const held = async (address: string) => {
    const found = await (await open()).match(address);
    return found === undefined ? null : listSchema.parse(await found.json());
  };
  const within = async <T>(task: Promise<T | null>): Promise<T | null> =>
    await Promise.race([task.catch(() => null), sleep(waitMsMax).then(() => null)]);
  return {
    get: (limit, cursor) => within(held(addressOf(limit, cursor))),
    async put(limit, cursor, list) {
      const response = new Response(JSON.stringify(list), { headers });
      const put = async () => await (await open()).put(addressOf(limit, cursor), response);
      await within(put().then(() => null));
    },
  };
}
