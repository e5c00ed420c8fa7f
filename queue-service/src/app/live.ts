import { type Clock, isoTime } from '@fairgate/shared/clock.ts';
import type { LiveFigures } from '@fairgate/shared/live-figures.ts';
import { Problem } from '@fairgate/shared/problem.ts';
import type { Room, RoomFigures } from '@fairgate/shared/room/room.ts';
import type { RoomSettings, RoomSettingsPatch } from '@fairgate/shared/sale.ts';
import { countersOf } from '../domain/counters.ts';
import type { AdminState } from '../domain/phase.ts';
import type { SaleRecord, UnitCounts } from '../domain/records.ts';
import { stockFrom } from '../domain/room-differences.ts';
import type { Checkpoint } from '../domain/room-source.ts';
import { waitsFrom } from '../domain/summary.ts';
import { by, type Caller } from './caller.ts';
import { differenceOf } from './changes.ts';
import type { Store } from './ports.ts';
import { type Precondition, requireVersion } from './precondition.ts';
import type { RoomKeeper } from './room-keeper.ts';
import { stateNow } from './sale-states.ts';
import { changedSettings, existingSale } from './sales.ts';
import { blockedOf } from './summaries.ts';
import type { BlockedCounts } from './summary-ports.ts';

/** Live figures of a room (CONTRACT.md section 5), with its settings. */
export type LiveRoom = LiveFigures & {
  id: string;
  settings: RoomSettings;
  /** In the stream: the room cannot be reached, and these are the last figures. */
  stale?: true;
};

export type LiveRooms = {
  /** Read at the call, with the sale's version. `unavailable` where Redis cannot be reached. */
  read(saleId: string): Promise<LiveRead>;
  /** Changes settings; the room has them before this resolves, if it can be reached. */
  patch(
    caller: Caller,
    saleId: string,
    settings: RoomSettingsPatch,
    expected: Precondition,
  ): Promise<SaleRecord>;
};

export type LiveRead = { live: LiveRoom; figures: LiveFigures; version: number };

export type LiveParts = {
  store: Store;
  room: Room;
  keeper: RoomKeeper;
  blocked: Pick<BlockedCounts, 'read'>;
  clock: Clock;
};

export function liveRooms(parts: LiveParts): LiveRooms {
  const { store, keeper, clock } = parts;
  return {
    async read(saleId) {
      const sale = await existingSale(store, saleId);
      const room = sale.phase === 'draft' ? null : await figuresOf(parts, saleId);
      const memory = await store.rooms.checkpoint(saleId);
      const known = await besides(parts, saleId, memory);
      const base = { at: isoTime(clock.now()), admitPerMinute: sale.room.admitPerMinute, ...known };
      const figures =
        room === null
          ? fromMemory(base, stateNow(sale, clock), memory, await store.live.units(saleId))
          : fromRoom(base, room);
      const live = { id: sale.id, settings: sale.room, ...figures };
      return { live, figures, version: sale.version };
    },
    async patch(caller, saleId, settings, expected) {
      const sale = await store.transaction(async (rows) => {
        const before = await existingSale(rows, saleId, 'update');
        requireVersion(expected, before.version);
        if (before.phase === 'closed') throw new Problem('conflict', 'The sale is closed.');
        const after = changedSettings(before.room, settings);
        const difference = differenceOf<Pick<SaleRecord, 'room'>>(
          { room: before.room },
          { room: after },
        );
        if (difference === null) return before;
        await rows.sales.update(saleId, { room: after }, clock.now());
        const entry = { action: 'room.changed', saleId, detail: { ...settings } };
        await rows.note({ ...by(caller), ...entry, ...difference });
        return await existingSale(rows, saleId);
      });
      if (sale.phase !== 'draft') await keeper.tryPush(saleId);
      return sale;
    },
  };
}

/** The room's own; null for a sale that was closed long ago. */
async function figuresOf({ room, keeper }: LiveParts, saleId: string): Promise<RoomFigures | null> {
  try {
    const figures = await room.figures(saleId);
    if (figures !== null) return figures;
    await keeper.push(saleId);
    return await room.figures(saleId);
  } catch (cause) {
    throw new Problem('unavailable', 'The room cannot be reached right now.', cause);
  }
}

type Known = Pick<LiveFigures, 'at' | 'admitPerMinute' | 'paid' | 'blocked' | 'checkouts'>;

/** What is not in the room. */
async function besides(parts: LiveParts, saleId: string, memory: Checkpoint | null) {
  const { store } = parts;
  const [paid, checkouts, blocked] = await Promise.all([
    store.live.paidOrders(saleId),
    store.live.checkouts(),
    blockedOf(parts, saleId, memory),
  ]);
  return { paid, checkouts, blocked };
}

function fromRoom(known: Known, room: RoomFigures): LiveFigures {
  const stock = unitsIn(stockFrom(room.stock).values());
  const { p50Seconds, p95Seconds } = waitsFrom(numbers(room.waits));
  return {
    ...known,
    state: room.state,
    waiting: room.waiting,
    admitted: room.admitted,
    active: room.active,
    issued: room.issued,
    redeemed: room.redeemed,
    expired: room.expired,
    left: room.left,
    abandoned: room.abandoned,
    joinedTotal: room.joinedTotal,
    admittedTotal: room.admittedTotal,
    joinedPerMinute: room.joinedPerMinute,
    admittedPerMinute: room.admittedPerMinute,
    oldestWaitSeconds: room.oldestWaitSeconds,
    placesPerAddressMost: room.placesPerAddressMost,
    stock,
    waits: { p50Seconds, p95Seconds },
  };
}

function unitsIn(products: Iterable<UnitCounts>): LiveFigures['stock'] {
  const stock = { total: 0, free: 0, held: 0, sold: 0 };
  for (const { free, held, sold } of products) {
    stock.free += free;
    stock.held += held;
    stock.sold += sold;
    stock.total += free + held + sold;
  }
  return stock;
}

function numbers(texts: Record<string, string>): Record<string, number> {
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, Number(text)]));
}

/** A draft has no room yet; that of a sale closed long ago is gone: nobody is in there. */
function fromMemory(
  known: Known,
  state: AdminState,
  memory: Checkpoint | null,
  units: UnitCounts,
): LiveFigures {
  const count = (name: string) => memory?.counters[name] ?? 0;
  const { p50Seconds, p95Seconds } = waitsFrom(countersOf(memory?.counters ?? {}, 'wait'));
  return {
    ...known,
    state,
    waiting: 0,
    admitted: 0,
    active: 0,
    issued: count('issued'),
    redeemed: count('redeemed'),
    expired: count('expired'),
    left: 0,
    abandoned: count('abandoned'),
    joinedTotal: count('joined'),
    admittedTotal: count('admitted'),
    joinedPerMinute: 0,
    admittedPerMinute: 0,
    oldestWaitSeconds: 0,
    placesPerAddressMost: 0,
    stock: unitsIn([units]),
    waits: { p50Seconds, p95Seconds },
  };
}
