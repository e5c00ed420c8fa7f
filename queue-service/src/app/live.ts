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
import { reused } from './reused.ts';
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
  /** As `read`, of a sale that was just read. */
  of(sale: SaleRecord): Promise<LiveRead>;
  /** Changes settings; the room has them before this resolves, if it can be reached. */
  patch(
    caller: Caller,
    saleId: string,
    settings: RoomSettingsPatch,
    expected: Precondition,
  ): Promise<SaleRecord>;
};

export type LiveRead = { live: LiveRoom; version: number };

export type LiveParts = {
  store: Store;
  room: Room;
  keeper: RoomKeeper;
  blocked: Pick<BlockedCounts, 'read'>;
  clock: Clock;
};

export function liveRooms(parts: LiveParts): LiveRooms {
  const { store, keeper, clock } = parts;
  const besides = besidesRoom(parts);
  const of = async (sale: SaleRecord): Promise<LiveRead> => {
    const at = isoTime(clock.now());
    const room = sale.phase === 'draft' ? null : await figuresOf(parts, sale.id);
    const memory = await store.rooms.checkpoint(sale.id);
    const { admitPerMinute } = sale.room;
    const known = { at, admitPerMinute, ...(await besides(sale.id, memory)) };
    // A room that was just made has no picture of the stock yet.
    const pictured = stockFrom(room?.stock ?? {});
    const units = pictured.size > 0 ? [...pictured.values()] : [await store.live.units(sale.id)];
    const stock = unitsIn(units);
    const figures =
      room === null
        ? fromMemory({ ...known, stock }, stateNow(sale, clock), memory)
        : fromRoom({ ...known, stock }, room);
    const live = { id: sale.id, settings: sale.room, ...figures };
    return { live, version: sale.version };
  };
  return {
    read: async (saleId) => await of(await existingSale(store, saleId)),
    of,
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

type Known = Pick<
  LiveFigures,
  'at' | 'admitPerMinute' | 'paid' | 'blocked' | 'checkouts' | 'stock'
>;

/**
 * What is not in the room. Counting the paid orders of a large sale takes a while, so their number
 * may be as old as ten times that.
 */
function besidesRoom(parts: LiveParts) {
  const { store, clock } = parts;
  const paidOrders = reused(clock.now, store.live.paidOrders);
  const allCheckouts = reused(clock.now, store.live.checkouts);
  return async (saleId: string, memory: Checkpoint | null) => {
    const [paid, checkouts, blocked] = await Promise.all([
      paidOrders(saleId),
      allCheckouts('all'),
      blockedOf(parts, saleId, memory),
    ]);
    return { paid, checkouts, blocked };
  };
}

function fromRoom(known: Known, room: RoomFigures): LiveFigures {
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
    waits: { p50Seconds, p95Seconds },
  };
}

function unitsIn(products: readonly UnitCounts[]): LiveFigures['stock'] {
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
function fromMemory(known: Known, state: AdminState, memory: Checkpoint | null): LiveFigures {
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
    waits: { p50Seconds, p95Seconds },
  };
}
