import { Problem } from '@fairgate/shared/problem.ts';
import type { Room, RoomFigures } from '@fairgate/shared/room/room.ts';
import type { Checkpoint } from '../domain/room-source.ts';
import { agree, type Funnel, type SaleSummary, stockFrom, waitsFrom } from '../domain/summary.ts';
import type { DoorCounts, SaleReport, Store } from './ports.ts';

export type Summaries = {
  /**
   * Sold, held, free, the funnel and the waits; from Postgres alone where Redis is away. A deleted
   * sale is told too, without its room: by what was written of that last.
   */
  read(saleId: string): Promise<SaleSummary>;
};

type Parts = {
  store: Store;
  room: Room;
  counts: Pick<DoorCounts, 'blocked'>;
  pause: (ms: number) => Promise<void>;
};

/** Redis' picture may be this much late under load, which is no disagreement. */
const attempts = 4;
const attemptMs = 250;

export function summaries({ store, room, counts, pause }: Parts): Summaries {
  const readBoth = async (saleId: string) => {
    const report = await store.snapshot((rows) => rows.report(saleId));
    if (report === null) throw new Problem('not-found', 'There is no such sale.');
    const figures = await room.figures(saleId).catch(() => null);
    return { report, figures };
  };
  return {
    async read(saleId) {
      let both = await readBoth(saleId);
      for (let again = 1; again < attempts && lags(both); again += 1) {
        await pause(attemptMs);
        both = await readBoth(saleId);
      }
      const { report, figures } = both;
      const blocked = await counts.blocked(saleId).catch(() => ({}));
      const memory = figures === null ? await store.rooms.checkpoint(saleId) : null;
      const histogram = figures ? numbers(figures.waits) : rememberedWaits(memory);
      return {
        id: report.sale.id,
        name: report.sale.name,
        products: report.products,
        funnel: { ...funnelOf(report, figures, memory), blocked: sumOf(blocked) },
        waits: waitsFrom(histogram),
        reconciled: isReconciled(report, figures),
      };
    },
  };
}

type Both = { report: SaleReport; figures: RoomFigures | null };

function lags({ report, figures }: Both): boolean {
  return figures !== null && !isReconciled(report, figures);
}

function isReconciled(report: SaleReport, figures: RoomFigures | null): boolean {
  if (figures === null) return false;
  const { redeemed, active, admitted } = figures;
  const stock = stockFrom(figures.stock);
  return agree({ stock, redeemed, holding: active - admitted }, report.ledgered);
}

function funnelOf(
  report: SaleReport,
  figures: RoomFigures | null,
  memory: Checkpoint | null,
): Omit<Funnel, 'blocked'> {
  const count = (name: string) => memory?.counters[name] ?? 0;
  return {
    joined: figures?.joinedTotal ?? count('joined'),
    admitted: figures?.admittedTotal ?? count('admitted'),
    issued: figures?.issued ?? count('issued'),
    redeemed: report.ledgered.redeemed,
    paid: report.paid,
    expired: figures?.expired ?? count('expired'),
    abandoned: figures?.abandoned ?? count('abandoned'),
  };
}

function sumOf(counts: Record<string, number>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

function rememberedWaits(memory: Checkpoint | null): Record<string, number> {
  const waits: Record<string, number> = {};
  for (const [name, count] of Object.entries(memory?.counters ?? {})) {
    if (name.startsWith('wait:')) waits[name.slice('wait:'.length)] = count;
  }
  return waits;
}

function numbers(texts: Record<string, string>): Record<string, number> {
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, Number(text)]));
}
