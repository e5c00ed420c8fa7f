import { limits } from '../limits.ts';
import type { Log } from './log.ts';
import type { CheckoutMetrics } from './metrics.ts';
import { RoomAway } from './room-away.ts';
import type { BackgroundStore, Delivered, OutboxReport, RoomReports } from './room-ports.ts';

export type RelayOptions = {
  store: Pick<BackgroundStore, 'relay'>;
  room: Pick<RoomReports, 'settle'>;
  metrics: Pick<CheckoutMetrics, 'reports'>;
  log: Log;
  batchMax: number;
  keepSeconds: number;
  now(): number;
};

/**
 * One round of the relay: outbox rows -> the rooms, in order within a sale -> deleted. Delivering
 * twice is harmless (D7). Ends with the first fault of the connection, and after some 3 s. Rejects
 * when no report at all could be delivered.
 */
export function makeRelay(options: RelayOptions): () => Promise<'again' | 'done'> {
  const rests = makeRests();
  return async () => {
    const now = options.now();
    let fault: unknown;
    let asked = 0;
    let cut = false;
    const isLate = () => options.now() - now >= limits.relayBeginMsMax;
    const settled = await options.store.relay(
      options.batchMax,
      rests.at(now),
      async (reports, unreadable) => {
        asked = reports.length;
        setAside(options, unreadable, { why: 'they cannot be read' });
        const all: Delivered = { done: [], refused: [] };
        for (const [saleId, ofSale] of Map.groupBy(reports, (row) => row.saleId)) {
          cut = isLate();
          if (cut) break;
          const trip = await deliver(options, saleId, ofSale, isLate);
          all.done.push(...trip.done);
          all.refused.push(...trip.refused);
          rests.note(saleId, trip, options.now());
          fault ??= trip.fault;
          if (fault instanceof RoomAway) break;
        }
        return all;
      },
    );
    if (settled === null) return 'done';
    if (fault !== undefined && settled === 0) throw fault;
    const more = cut || asked === options.batchMax;
    return settled > 0 && more ? 'again' : 'done';
  };
}

type Trip = Delivered & { fault?: unknown };

/** Which sales are left out, and for how long. */
function makeRests() {
  const { relayRestMs, relayRestMsMax } = limits;
  const rests = new Map<string, { until: number; refusals: number }>();
  return {
    at(now: number): string[] {
      for (const [saleId, { until }] of rests)
        if (until + relayRestMsMax < now) rests.delete(saleId);
      return [...rests].filter(([, { until }]) => until > now).map(([saleId]) => saleId);
    },
    note(saleId: string, { done, fault }: Trip, now: number): void {
      const isRefused = fault !== undefined && !(fault instanceof RoomAway);
      const refusals = isRefused ? (rests.get(saleId)?.refusals ?? 0) + 1 : 1;
      const until = now + Math.min(relayRestMsMax, relayRestMs * 2 ** (refusals - 1));
      if (done.length === 0) rests.set(saleId, { until, refusals });
      else rests.delete(saleId);
    },
  };
}

function setAside(options: RelayOptions, reports: number[], about: object): void {
  if (reports.length === 0) return;
  options.metrics.reports('refused', reports.length);
  options.log.error({ ...about, reports }, 'reports are set aside');
}

/** Those that a room takes; the too old ones where there is none; what is bad is found by halves. */
async function deliver(
  options: RelayOptions,
  saleId: string,
  reports: OutboxReport[],
  isLate: () => boolean,
): Promise<Trip> {
  const search: Search = { done: [], suspects: [], calls: 0, isLate };
  await settleHalves(options, saleId, reports, search);
  const { done, suspects, fault } = search;
  // Where nothing is taken the room itself is at fault, and all of it is tried again.
  if (done.length === 0 || suspects.length === 0) {
    if (suspects.length > 0) options.metrics.reports('kept', reports.length);
    return { done, refused: [], fault };
  }
  setAside(options, idsOf(suspects), { saleId, err: fault });
  return { done, refused: idsOf(suspects) };
}

type Search = {
  done: number[];
  suspects: OutboxReport[];
  calls: number;
  fault?: unknown;
  isLate(): boolean;
};

async function settleHalves(
  options: RelayOptions,
  saleId: string,
  reports: OutboxReport[],
  search: Search,
): Promise<void> {
  const isOver = search.calls >= limits.relayCallsMax || search.fault instanceof RoomAway;
  if (reports.length === 0 || isOver || (search.calls > 0 && search.isLate())) return;
  search.calls += 1;
  try {
    const rows = reports.map((row) => ({ ...row.report, seq: row.id }));
    const reply = await options.room.settle(saleId, rows);
    search.done.push(...idsOf(reply === 'taken' ? reports : homeless(options, saleId, reports)));
    if (reply === 'taken') options.metrics.reports('delivered', reports.length);
  } catch (fault) {
    search.fault = fault;
    if (fault instanceof RoomAway) return;
    if (reports.length === 1) {
      search.suspects.push(...reports);
      return;
    }
    const middle = reports.length >> 1;
    await settleHalves(options, saleId, reports.slice(0, middle), search);
    await settleHalves(options, saleId, reports.slice(middle), search);
  }
}

/** Reports to a room that has not been there for long: it would be made anew from Postgres. */
function homeless(options: RelayOptions, saleId: string, reports: OutboxReport[]): OutboxReport[] {
  const old = reports.filter((row) => row.ageSeconds > options.keepSeconds);
  if (old.length > 0) {
    options.log.warn({ saleId, reports: old.length }, 'reports found no room');
    options.metrics.reports('homeless', old.length);
  }
  return old;
}

function idsOf(reports: readonly OutboxReport[]): number[] {
  return reports.map((row) => row.id);
}
