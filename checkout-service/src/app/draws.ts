import type { Drawing } from '@fairgate/shared/draw/drawing.ts';
import type { PostgresLog } from '@fairgate/shared/log/postgres-log.ts';
import type { Log } from './log.ts';
import { RoomAway } from './room-away.ts';

export type DrawsOptions = {
  store: Pick<PostgresLog, 'undrawn'>;
  drawing: Drawing;
  /** The queue service draws at once; what it has not drawn by then is drawn here. */
  afterSeconds: number;
  log: Log;
};

/**
 * One round over the lotteries that nobody drew, so that no line waits for the queue service. Any
 * number of instances may draw one at once (makeDrawing).
 */
export function makeDraws({ store, drawing, afterSeconds, log }: DrawsOptions) {
  return async (): Promise<'done'> => {
    let fault: unknown;
    for (const saleId of await store.undrawn(afterSeconds)) {
      try {
        if ((await drawing(saleId)) === 'drawn')
          log.warn({ saleId }, 'a lottery that waited is drawn');
      } catch (error) {
        if (error instanceof RoomAway) throw error;
        // One lottery that cannot be drawn keeps no other from it.
        fault ??= error;
      }
    }
    if (fault !== undefined) throw fault;
    return 'done';
  };
}
