import type { Clock } from '@fairgate/shared/clock.ts';
import type { Room, RoomFigures, UsedUp } from '@fairgate/shared/room/room.ts';
import { countersOf } from '../domain/counters.ts';
import type { SaleRecord } from '../domain/records.ts';
import { checkpointOf, roomBeginning, roomFields, stockPicture } from '../domain/room-source.ts';
import { eachOf } from './each-of.ts';
import { oneAtATime } from './one-at-a-time.ts';
import type { Catalogue, Log, Store } from './ports.ts';
import type { BlockedCounts } from './summary-ports.ts';

export type RoomKeeperParts = {
  store: Store;
  room: Room;
  blocked: BlockedCounts;
  catalogue: Catalogue;
  clock: Clock;
  log: Log;
  /** Takes the figures of a room, as each pass of `keepRooms` reads them. */
  watch(saleId: string, figures: RoomFigures): void;
};

/** Keeps the rooms in Redis as Postgres says. Any number of instances may do so at once. */
export type RoomKeeper = {
  /** Sets a public sale's room, its catalogue entry and its stock. Rejects where a store is away. */
  push(saleId: string): Promise<void>;
  /** As `push`, but a failure is only logged: `keepRooms` repeats it within a second. */
  tryPush(saleId: string): Promise<void>;
  /** Moves every line on; so does every gateway, so nobody waits for this service. */
  advanceAll(): Promise<void>;
  /** Notes what each room would need to begin again; pushes those that are lost or out of date. */
  keepRooms(): Promise<void>;
  /** Renews the picture of the stock; tends sales that were closed a while ago. */
  renewPictures(): Promise<void>;
};

/** A push that failed just before its sale was closed is repeated for this long at each pass. */
const freshlyClosedMs = 60_000;
/** The room of a closed sale lives for 48 h (keys.ts), and its catalogue entry as long. */
const closedRoomMs = 48 * 3_600_000;
const closedForgottenMs = 72 * 3_600_000;
/** Sales tended to at the same time. */
const salesAtOnce = 16;
/** Places written by one command, so that Redis is never blocked for long. */
const rememberMax = 500;

export function roomKeeper(parts: RoomKeeperParts): RoomKeeper {
  const { store, room, clock, log } = parts;
  let liveIds: string[] = [];
  const epochs: Epochs = new Map();
  // Any number of changes at once are told together.
  const push = oneAtATime((saleId) => pushRoom(parts, saleId));
  const roomsSince = (ms: number) => store.sales.rooms(clock.now() - ms);
  return {
    push,
    async tryPush(saleId) {
      await push(saleId).catch((error: unknown) => {
        log.warn({ saleId, err: error }, 'the room could not be told; it is tried again');
      });
    },
    async advanceAll() {
      await eachOf(liveIds, salesAtOnce, async (saleId) => {
        await room.advanceJson(saleId);
      });
    },
    async keepRooms() {
      const sales = await roomsSince(freshlyClosedMs);
      liveIds = sales.filter(isLive).map((sale) => sale.id);
      await keepEach(parts, sales, epochs);
    },
    async renewPictures() {
      const sales = await roomsSince(closedForgottenMs);
      await eachOf(sales, salesAtOnce, async (sale) => {
        if (isLive(sale)) await pushPicture(parts, sale.id);
        else await tendClosed(parts, sale);
      });
    },
  };
}

function isLive(sale: SaleRecord): boolean {
  return sale.phase !== 'closed';
}

async function pushRoom(parts: RoomKeeperParts, saleId: string): Promise<void> {
  const isThere = (await parts.room.figures(saleId)) !== null;
  const made = await tellRoom(parts, saleId, isThere);
  // Emptied between the two calls: what a room begins with has to be read for that.
  if (made === 'no-room') await tellRoom(parts, saleId, false);
}

async function tellRoom(parts: RoomKeeperParts, saleId: string, isThere: boolean) {
  const { store, room, catalogue, clock } = parts;
  // Orders may have been placed since the checkpoint of a room that is lost: see `settledFrom`.
  const lost = !isThere && (await store.rooms.checkpoint(saleId)) !== null;
  const source = await store.snapshot(async (rows) => {
    if (lost) await rows.rooms.holdOutbox();
    const found = await rows.rooms.source(saleId, isThere ? 'settings' : 'beginning');
    return found && { ...found, loss: lost ? await rows.rooms.loss(found) : null };
  });
  if (source === null || source.sale.phase === 'draft') return 'kept';
  const { sale, loss } = source;
  const beginning = roomBeginning(source, loss, clock.now());
  const start = isThere ? { free: beginning.free } : beginning;
  const made = await room.configure(saleId, sale.version, roomFields(source), start);
  if (made === 'kept' || made === 'no-room') return made;
  if (made === 'created' && lost) parts.log.warn({ saleId }, 'the room was lost and begins again');
  await rememberAll(room, saleId, loss?.usedUp ?? []);
  await catalogue.add(saleId, sale.startsAt);
  await room.picture(saleId, source.pictureVersion, stockPicture(source));
  return made;
}

/** Before anybody is admitted again: whose tokens are used up. */
async function rememberAll(room: Room, saleId: string, usedUp: readonly UsedUp[]): Promise<void> {
  for (let from = 0; from < usedUp.length; from += rememberMax) {
    await room.remember(saleId, usedUp.slice(from, from + rememberMax));
  }
}

/** By sale: in which of its epochs the room has heard of all tokens that are used up. */
type Epochs = Map<string, number>;

/** A room that lost its last seconds (D4) may have lost what it had heard of tokens in them. */
async function remind(
  { store, room, log }: RoomKeeperParts,
  saleId: string,
  epoch: number,
  epochs: Epochs,
): Promise<void> {
  if (epochs.get(saleId) === epoch) return;
  const checkpoint = await store.rooms.checkpoint(saleId);
  if (checkpoint !== null && checkpoint.counters.epoch !== epoch) {
    log.warn(
      { saleId, epoch },
      'the room may lack its last seconds, and is told of used-up tokens',
    );
    await rememberAll(room, saleId, await store.rooms.usedUp(saleId));
  }
  epochs.set(saleId, epoch);
}

async function keepEach(
  parts: RoomKeeperParts,
  sales: SaleRecord[],
  epochs: Epochs,
): Promise<void> {
  const { store, room, clock } = parts;
  const taken: Parameters<typeof store.rooms.saveCheckpoints>[0] = [];
  const kept = eachOf(sales, salesAtOnce, async (sale) => {
    const figures = await room.figures(sale.id);
    if (figures === null || figures.revision < sale.version) {
      await pushRoom(parts, sale.id);
    } else {
      parts.watch(sale.id, figures);
      await remind(parts, sale.id, figures.epoch, epochs);
      const blocked = await wholeBlocked(parts, sale.id);
      taken.push({ saleId: sale.id, checkpoint: checkpointOf(figures, blocked, clock.now()) });
    }
  });
  // One room that is out of order keeps no other sale's checkpoint.
  await kept.catch(() => undefined);
  if (taken.length > 0) await store.rooms.saveCheckpoints(taken);
  await kept;
}

/** Refused attempts; those of before a loss are put back beside what was counted since. */
async function wholeBlocked({ blocked, store }: RoomKeeperParts, saleId: string) {
  const { counts, isWhole } = await blocked.read(saleId);
  if (isWhole) return counts;
  const checkpoint = await store.rooms.checkpoint(saleId);
  const known = countersOf(checkpoint?.counters ?? {}, 'blocked');
  const isNothing = Object.keys({ ...counts, ...known }).length === 0;
  return isNothing ? {} : await blocked.restore(saleId, known);
}

async function pushPicture({ store, room }: RoomKeeperParts, saleId: string): Promise<void> {
  const source = await store.snapshot((rows) => rows.rooms.source(saleId, 'settings'));
  if (source !== null) await room.picture(saleId, source.pictureVersion, stockPicture(source));
}

async function tendClosed(parts: RoomKeeperParts, sale: SaleRecord): Promise<void> {
  if (parts.clock.now() - sale.updatedAt > closedRoomMs) await parts.catalogue.remove(sale.id);
  else if ((await parts.room.figures(sale.id)) === null) await pushRoom(parts, sale.id);
}
