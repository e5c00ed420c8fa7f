import type { Clock } from '@fairgate/shared/clock.ts';
import { isId } from '@fairgate/shared/ids.ts';
import type { RoomRedis } from '@fairgate/shared/redis/open.ts';
import { catalogueKey } from '@fairgate/shared/room/keys.ts';
import type { Room } from '@fairgate/shared/room/room.ts';
import type { CatalogueAnswer } from '../app/ports.ts';
import { TwoGenerations } from '../app/two-generations.ts';

export type Catalogue = {
  page(cursor: string | null, limit: number): Promise<CatalogueAnswer>;
  isEmptied(): Promise<boolean>;
};

type Position = { startsAtMs: number; saleId: string };

/** A list may be a little older than a sale's own snapshot: it makes nobody wait or move. */
const snapshotMsMax = 1_000;
const heldMsMax = 500;

/** The public sales, newest start first. Errors are the connection's own. */
export function saleCatalogue(
  redis: RoomRedis,
  room: Room,
  whenReady: () => Promise<void>,
  clock: Clock,
): Catalogue {
  const held = new TwoGenerations<{ answer: CatalogueAnswer; atMs: number }>(50);

  const read = async (after: Position | null, limit: number): Promise<CatalogueAnswer> => {
    await whenReady();
    const from = after === null ? 0 : await rankAfter(redis, after);
    const rows = await redis.zrevrange(catalogueKey, from, from + limit, 'WITHSCORES');
    const positions = pairs(rows);
    const shown = positions.slice(0, limit);
    const found = await Promise.all(
      shown.map(({ saleId }) => room.advanceJson(saleId, snapshotMsMax)),
    );
    const last = positions.length > limit ? shown.at(-1) : undefined;
    return {
      kind: 'answered',
      snapshots: found.filter((json) => json !== ''),
      nextCursor: last ? encodeCursor(last) : null,
    };
  };

  return {
    isEmptied: async () => (await redis.exists(catalogueKey)) === 0,
    async page(cursor, limit) {
      const after = cursor === null ? null : decodeCursor(cursor);
      if (after === undefined) return { kind: 'bad-cursor' };
      const key = `${limit}:${cursor ?? ''}`;
      const last = held.get(key);
      if (last && clock.now() - last.atMs < heldMsMax) return last.answer;
      try {
        const answer = await read(after, limit);
        held.set(key, { answer, atMs: clock.now() });
        return answer;
      } catch (error) {
        return last?.answer ?? { kind: 'unavailable', cause: String(error) };
      }
    },
  };
}

/** Where the list goes on after a sale, which may have been taken out of it since. */
async function rankAfter(redis: RoomRedis, after: Position): Promise<number> {
  const rank = await redis.zrevrank(catalogueKey, after.saleId);
  if (rank !== null) return rank + 1;
  return await redis.zcount(catalogueKey, `(${after.startsAtMs}`, '+inf');
}

function pairs(rows: string[]): Position[] {
  const found: Position[] = [];
  for (let i = 0; i + 1 < rows.length; i += 2) {
    found.push({ saleId: rows[i] ?? '', startsAtMs: Number(rows[i + 1]) });
  }
  return found;
}

function encodeCursor({ startsAtMs, saleId }: Position): string {
  return Buffer.from(`${startsAtMs}:${saleId}`).toString('base64url');
}

function decodeCursor(cursor: string): Position | undefined {
  const [startsAt = '', saleId = ''] = Buffer.from(cursor, 'base64url').toString().split(':');
  if (!/^\d{1,15}$/.test(startsAt) || !isId('sale', saleId)) return undefined;
  return { startsAtMs: Number(startsAt), saleId };
}
