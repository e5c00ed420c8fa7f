import { roomKey } from '@fairgate/shared/room/keys.ts';
import { Redis } from 'ioredis';
import { decodeJwt } from 'jose';
import type { EdgeClient, Standing } from './edge-client.ts';
import { mapBounded } from './http.ts';

/** People who wait, each of whom polls when the answer before asked them to, and no sooner. */
export type Waiter = { standing: Standing; visitor: string; number: number };

export async function joinCrowd(edge: EdgeClient, saleId: string, count: number) {
  return await mapBounded(Array.from({ length: count }), 40, async (): Promise<Waiter> => {
    const standing = await edge.join(saleId);
    const visitor = String(decodeJwt(standing.ticket).sub);
    return { standing, visitor, number: standing.place.number };
  });
}

/**
 * Polls as pages do, from a moment when each was somewhere between two polls, for so long. Throws
 * where a place is shown with another number than its own.
 */
export async function pollAsAsked(
  edge: EdgeClient,
  saleId: string,
  crowd: readonly Waiter[],
  seconds: number,
  isOver: () => Promise<boolean>,
): Promise<void> {
  const begunMs = Date.now();
  const due = crowd.map((waiter, i) => {
    const share = i / crowd.length;
    return { waiter, atMs: begunMs + share * waiter.standing.place.pollAfterSeconds * 1_000 };
  });
  while (!(await isOver())) {
    const now = Date.now();
    if (now > begunMs + seconds * 1_000) throw new Error(`not all were back within ${seconds} s`);
    const next = due.filter(({ atMs }) => atMs <= now);
    await mapBounded(next, 40, async (one) => {
      const { standing, number } = one.waiter;
      const place = await edge.poll(saleId, standing.ticket);
      if (place.number !== number) throw new Error(`${number} is shown ${place.number}`);
      one.atMs = Date.now() + place.pollAfterSeconds * 1_000;
    });
    if (next.length === 0) await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** The visitors in the room's line at this moment, first ones first. Throws where it is away. */
export async function lineInRedis(redisUrl: string, saleId: string): Promise<string[]> {
  const redis = new Redis(redisUrl, { retryStrategy: () => null });
  // The failure itself comes with the command.
  redis.on('error', () => undefined);
  try {
    return await redis.zrangebyscore(roomKey(saleId, 'line'), '-inf', '+inf');
  } finally {
    redis.disconnect();
  }
}
