import { RoomRefused } from './room-away.ts';
import type { BackgroundStore, RoomReports } from './room-ports.ts';

export type SettlementOptions = {
  store: Pick<BackgroundStore, 'settlingSales' | 'lapse'>;
  room: Pick<RoomReports, 'due' | 'settle'>;
  lapseAfterMs: number;
  batchMax: number;
};

/**
 * One round of settlement: tokens past their time -> `lapsed` rows under the same primary key as
 * spending (D7) -> only what Postgres then says is reported to the room.
 */
export function makeSettlement(options: SettlementOptions): () => Promise<'again' | 'done'> {
  return async () => {
    let full = false;
    let fault: unknown;
    for (const saleId of await options.store.settlingSales()) {
      try {
        full = (await settleSale(options, saleId)) || full;
      } catch (error) {
        // One room that is out of order keeps no other sale's tokens.
        if (!(error instanceof RoomRefused)) throw error;
        fault ??= error;
      }
    }
    if (fault !== undefined) throw fault;
    return full ? 'again' : 'done';
  };
}

/** Whether there may be more. */
async function settleSale(options: SettlementOptions, saleId: string): Promise<boolean> {
  const due = await options.room.due(saleId, options.lapseAfterMs, options.batchMax);
  if (due.length === 0) return false;
  const reports = await options.store.lapse(saleId, due);
  await options.room.settle(saleId, reports);
  return due.length === options.batchMax;
}
