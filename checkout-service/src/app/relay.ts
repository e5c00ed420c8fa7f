import type { Log } from './log.ts';
import type { BackgroundStore, OutboxReport, RoomReports } from './ports.ts';

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
 * One round of the relay: outbox rows -> the rooms, in order within a sale -> deleted. Delivering
 * twice is harmless (D7). Rejects when no report at all could be delivered.
 */
export function makeRelay(options: RelayOptions): () => Promise<'again' | 'done'> {
  const resting = new Map<string, number>();
  return async () => {
    const now = options.now();
    for (const [saleId, until] of resting) if (until <= now) resting.delete(saleId);
    let fault: unknown;
    let asked = 0;
    const delivered = await options.store.relay(
      options.batchMax,
      [...resting.keys()],
      async (reports) => {
        asked = reports.length;
        const done: number[] = [];
        for (const [saleId, ofSale] of bySale(reports)) {
          try {
            done.push(...(await deliver(options, saleId, ofSale)));
          } catch (error) {
            fault = error;
          }
          if (!done.includes(ofSale[0]?.id ?? -1)) resting.set(saleId, now + restMs);
        }
        return done;
      },
    );
    if (fault !== undefined && delivered === 0) throw fault;
    return delivered !== null && delivered > 0 && asked === options.batchMax ? 'again' : 'done';
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
