import type { Browser } from 'playwright-core';
import { afterAll } from 'vitest';
import { openBrowser } from './browser.ts';
import { type EdgeProcess, startEdge } from './edge-process.ts';
import { type Rooms, roomsIn } from './rooms.ts';
import { freshRedisUrl } from './stores.ts';

/** Where the pages are: an edge alone, and its rooms. */
export type Stage = { edge: EdgeProcess; rooms: Rooms };

/** A stage of one's own, and a browser before it; for `beforeAll`. `close` ends both. */
export async function openStage(): Promise<{
  stage: Stage;
  browser: Browser;
  close(): Promise<void>;
}> {
  const redisUrl = await freshRedisUrl(afterAll);
  const [edge, browser] = await Promise.all([startEdge({ redisUrl }), openBrowser()]);
  const rooms = roomsIn(redisUrl);
  return {
    stage: { edge, rooms },
    browser,
    async close() {
      await browser.close();
      rooms.close();
      await edge.stop();
    },
  };
}
