import type { BackgroundStore, RoomReports } from './ports.ts';

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
    for (const saleId of await options.store.settlingSales()) {
      const due = await options.room.due(saleId, options.lapseAfterMs, options.batchMax);
      if (due.length === 0) continue;
      const reports = await options.store.lapse(saleId, due);
      await options.room.settle(saleId, reports);
      full ||= due.length === options.batchMax;
    }
    return full ? 'again' : 'done';
  };
}
