import type { Clock } from '@fairgate/shared/clock.ts';
import { Problem } from '@fairgate/shared/problem.ts';
import type { Room, RoomFigures } from '@fairgate/shared/room/room.ts';
import type { RoomSettings, RoomSettingsPatch } from '@fairgate/shared/sale.ts';
import type { AdminState } from '../domain/phase.ts';
import type { SaleRecord } from '../domain/records.ts';
import type { Checkpoint } from '../domain/room-source.ts';
import { by, type Caller } from './caller.ts';
import { differenceOf } from './changes.ts';
import type { Store } from './ports.ts';
import { type Precondition, requireVersion } from './precondition.ts';
import type { RoomKeeper } from './room-keeper.ts';
import { stateNow } from './sale-states.ts';
import { changedSettings, existingSale } from './sales.ts';

/** Live figures of a room (CONTRACT.md section 5). */
export type LiveRoom = {
  id: string;
  settings: RoomSettings;
  state: AdminState;
  waiting: number;
  admitted: number;
  active: number;
  issued: number;
  redeemed: number;
  joinedTotal: number;
  admittedTotal: number;
  joinedPerMinute: number;
  admittedPerMinute: number;
  abandoned: number;
  oldestWaitSeconds: number;
  /** Places that one address had at most at a time; 0 where the sale has no limit on them. */
  placesPerAddressMost: number;
  /** In the stream: the room cannot be reached, and these are the last figures. */
  stale?: true;
};

export type LiveRooms = {
  /** Read at the call, with the sale's version. `unavailable` where Redis cannot be reached. */
  read(saleId: string): Promise<{ live: LiveRoom; version: number }>;
  /** Changes settings; the room has them before this resolves, if it can be reached. */
  patch(
    caller: Caller,
    saleId: string,
    settings: RoomSettingsPatch,
    expected: Precondition,
  ): Promise<SaleRecord>;
};

type Parts = { store: Store; room: Room; keeper: RoomKeeper; clock: Clock };

export function liveRooms({ store, room, keeper, clock }: Parts): LiveRooms {
  const figuresOf = async (saleId: string): Promise<RoomFigures | null> => {
    try {
      const figures = await room.figures(saleId);
      if (figures !== null) return figures;
      await keeper.push(saleId);
      return await room.figures(saleId);
    } catch (cause) {
      throw new Problem('unavailable', 'The room cannot be reached right now.', cause);
    }
  };
  return {
    async read(saleId) {
      const sale = await existingSale(store, saleId);
      const figures = sale.phase === 'draft' ? null : await figuresOf(saleId);
      const { version } = sale;
      if (figures !== null) return { live: fromFigures(sale, figures), version };
      const checkpoint = await store.rooms.checkpoint(saleId);
      return { live: fromMemory(sale, stateNow(sale, clock), checkpoint), version };
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

function fromFigures(sale: SaleRecord, figures: RoomFigures): LiveRoom {
  return {
    id: sale.id,
    settings: sale.room,
    state: figures.state,
    waiting: figures.waiting,
    admitted: figures.admitted,
    active: figures.active,
    issued: figures.issued,
    redeemed: figures.redeemed,
    joinedTotal: figures.joinedTotal,
    admittedTotal: figures.admittedTotal,
    joinedPerMinute: figures.joinedPerMinute,
    admittedPerMinute: figures.admittedPerMinute,
    abandoned: figures.abandoned,
    oldestWaitSeconds: figures.oldestWaitSeconds,
    placesPerAddressMost: figures.placesPerAddressMost,
  };
}

/** A draft has no room yet; that of a sale closed long ago is gone: nobody is in there. */
function fromMemory(sale: SaleRecord, state: AdminState, checkpoint: Checkpoint | null): LiveRoom {
  const count = (name: string) => checkpoint?.counters[name] ?? 0;
  return {
    id: sale.id,
    settings: sale.room,
    state,
    waiting: 0,
    admitted: 0,
    active: 0,
    issued: count('issued'),
    redeemed: count('redeemed'),
    joinedTotal: count('joined'),
    admittedTotal: count('admitted'),
    joinedPerMinute: 0,
    admittedPerMinute: 0,
    abandoned: count('abandoned'),
    oldestWaitSeconds: 0,
    placesPerAddressMost: 0,
  };
}
