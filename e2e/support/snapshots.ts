import { newId } from '@fairgate/shared/ids.ts';
import { parseSnapshot, type RoomSnapshot } from '@fairgate/shared/room/snapshot.ts';
import type { SaleInfo, SaleMode } from '@fairgate/shared/sale.ts';

type Parsed = 'lanes' | 'priorityShare' | 'scoreOf' | 'revoked' | 'stock' | 'info';
export type SnapshotWish = Partial<Omit<RoomSnapshot, Parsed>> & {
  /** Of the main lane. */
  frontier?: number;
  mode?: SaleMode;
  /** `from-to,...` */
  revoked?: string;
  /** Who waits in the priority lane, by their scores. */
  priority?: { line: number[]; frontier: number; share: number };
  /** Scores in line, rising; they are the head, and there are no breakpoints. */
  line?: number[];
  saleId?: string;
};

/** A snapshot as `advance.lua` writes it, of an open sale with one product. */
export function snapshotJson(wish: SnapshotWish = {}): string {
  const { line = [], saleId = newId('sale'), mode = 'fifo', priority, ...fields } = wish;
  const startsAt = fields.startsAt ?? 1_000_000;
  const info: SaleInfo = {
    id: saleId,
    name: 'A sale',
    mode,
    startsAt: new Date(startsAt).toISOString(),
    endsAt: null,
    bindTokens: 'optional',
    challenge: 'none',
    challengeAt: [],
    products: [
      {
        id: 'prod_1',
        name: 'Seat',
        description: '',
        imageUrl: null,
        priceMinor: 100,
        currency: 'EUR',
        total: 10,
      },
    ],
  };
  return JSON.stringify({
    asOf: startsAt,
    state: 'open',
    message: '',
    frontier: 0,
    waiting: line.length,
    last: line.at(-1) ?? 0,
    head: deltas(line),
    breaks: '',
    stock: 'prod_1=7:2:1',
    admitPerMinute: 600,
    admittedPerMinute: 0,
    unitsLeft: 7,
    unitsHeld: 2,
    budget: 5,
    guaranteeStock: true,
    endsAt: 0,
    abandonSeconds: 120,
    tokenSeconds: 120,
    halted: false,
    ...(priority && {
      priority: {
        frontier: priority.frontier,
        share: priority.share,
        waiting: priority.line.length,
        head: deltas(priority.line),
        breaks: '',
      },
    }),
    ...fields,
    startsAt,
    info: JSON.stringify(info),
  });
}

function deltas(scores: number[]): string {
  return scores.map((score, i) => score - (scores[i - 1] ?? 0)).join(',');
}

export function snapshotOf(wish: SnapshotWish = {}): RoomSnapshot {
  return parseSnapshot(snapshotJson(wish));
}
