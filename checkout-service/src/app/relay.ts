import type { Log } from './log.ts';
import type { BackgroundStore, OutboxReport, RoomReports } from './ports.ts';
import { RoomAway } from './room-away.ts';

export type RelayOptions = {
  store: Pick<BackgroundStore, 'relay'>;
  room: Pick<RoomReports, 'settle'>;
  log: Log;
  batchMax: number;
  keepSeconds: number;
  now(): number;
};

/** A sale whose reports could not be delivered is left out for so long, so that others go on. */
const restMs = 2_000;

/**
 * No delivery begins later in a round, and one takes 1.5 s at most: a transaction of Postgres is
 * open meanwhile, and its pool has a deadline.
 */
const beginMsMax = 1_500;

/**
 * One round of the relay: outbox rows -> the rooms, in order within a sale -> deleted. Delivering
 * twice is harmless (D7). Ends with the first fault of the connection, and after some 3 s. Rejects
 * when no report at all could be delivered.
 */
export function makeRelay(options: RelayOptions): () => Promise<'again' | 'done'> {
  const resting = new Map<string, number>();
  return async () => {
    const now = options.now();
    for (const [saleId, until] of resting) if (until <= now) resting.delete(saleId);
    let fault: unknown;
    let asked = 0;
    let cut = false;
    const delivered = await options.store.relay(
      options.batchMax,
      [...resting.keys()],
      async (reports) => {
        asked = reports.length;
        const done: number[] = [];
        for (const [saleId, ofSale] of bySale(reports)) {
          cut = options.now() - now >= beginMsMax;
          if (cut) break;
          try {
            done.push(...(await deliver(options, saleId, ofSale)));
          } catch (error) {
            fault = error;
          }
          if (!done.includes(ofSale[0]?.id ?? -1)) resting.set(saleId, options.now() + restMs);
          if (fault instanceof RoomAway) break;
        }
        return done;
      },
    );
    if (fault !== undefined && delivered === 0) throw fault;
    const more = cut || asked === options.batchMax;
    return delivered !== null && delivered > 0 && more ? 'again' : 'done';
  };
}

/** Which ids may be deleted: all where the room took them; the too old ones where there is none. */
async function deliver(
  options: RelayOptions,
  saleId: string,
  reports: OutboxReport[],
): Promise<number[]> {
  const taken = await options.room.settle(
    saleId,
    reports.map((row) => ({ ...row.report, seq: row.id })),
  );
  if (taken > 0) return reports.map((row) => row.id);
  const old = reports.filter((row) => row.ageSeconds > options.keepSeconds);
  if (old.length > 0) options.log.warn({ saleId, reports: old.length }, 'reports found no room');
  return old.map((row) => row.id);
}

function bySale(reports: readonly OutboxReport[]): Map<string, OutboxReport[]> {
  return Map.groupBy(reports, (row) => row.saleId);
}
