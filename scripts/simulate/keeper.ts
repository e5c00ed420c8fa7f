import type { Room } from '@fairgate/shared/room/room.ts';
import {
  checkpointOf,
  type Loss,
  type RoomSource,
  roomBeginning,
  roomFields,
  stockPicture,
} from '../../queue-service/src/domain/room-source.ts';
import { lateUnits, product, stockCount, usedUp } from './ledger.ts';
import { saleId } from './room-side.ts';
import { awaiting, type World } from './world.ts';

/**
 * What the queue service does for a room, with its own rules (queue-service/src/domain): telling it
 * of the sale, noting what it would need to begin again, and beginning it again where it is lost.
 */
export async function tellRoom(world: World, room: Room): Promise<void> {
  const isThere = (await room.figures(saleId)) !== null;
  const isAnew = !isThere && world.checkpoint !== null;
  const source = roomSource(world);
  const beginning = roomBeginning(source, isAnew ? lossOf(world) : null, world.now);
  const start = isThere ? { free: beginning.free } : beginning;
  await room.configure(saleId, world.version, roomFields(source), start);
  if (isAnew) await room.remember(saleId, usedUp(world.ledger));
  if (world.isLost) world.steadySince = world.now;
  world.isLost = false;
  await showStock(world, room);
  // Within the second, so that a room that is lost again gives no number twice.
  if (isAnew) await keepRoom(world, room);
}

/** One round: a room that is lost begins again, of any other a checkpoint is kept. */
export async function keepRoom(world: World, room: Room): Promise<void> {
  const figures = await room.figures(saleId);
  if (figures === null || figures.revision < world.version) return await tellRoom(world, room);
  world.checkpoint = checkpointOf(figures, {}, world.now);
  world.changes = [];
}

/** As checkouts do a moment after units have changed. */
export async function showStock(world: World, room: Room): Promise<void> {
  const source = roomSource(world);
  const counts = stockPicture(source);
  const reply = await room.picture(saleId, source.pictureVersion, counts);
  if (reply === 'stored') world.picture = counts[0] ?? null;
}

/** An admin's change, told at once. */
export async function change(
  world: World,
  room: Room,
  settings: Partial<World['settings']>,
): Promise<void> {
  world.settings = { ...world.settings, ...settings };
  world.changes.push(settings);
  world.version += 1;
  await tellRoom(world, room);
}

function lossOf(world: World): Loss {
  const { ledger, changes } = world;
  return {
    usedUp: usedUp(ledger),
    lateUnits: lateUnits(ledger),
    passes: [...world.passes],
    changes,
  };
}

function roomSource(world: World): RoomSource {
  const { ledger, settings, phase, startsAt, version } = world;
  world.pictureVersion += 1;
  const named = { id: product, name: 'Thing', description: '', imageUrl: null };
  const times = { createdAt: 0, updatedAt: 0 };
  const { free, held, sold } = stockCount(ledger);
  const counts = { free, held, sold };
  const { tokens } = ledger;
  return {
    sale: {
      ...{ id: saleId, name: 'Simulated', phase, mode: 'fifo', currency: 'EUR', startsAt },
      ...{ endsAt: null, room: settings, version, ...times, productIds: [product] },
      soldOut: free + held === 0,
    },
    products: [{ ...named, ...times, priceMinor: 100, currency: 'EUR', version: 1, counts }],
    checkpoint: world.checkpoint,
    redeemed: [...tokens.values()].filter(({ fate }) => fate === 'spent').length,
    holding: awaiting(world).map(({ key, payBefore, units }) => ({ jti: key, payBefore, units })),
    settledFrom: ledger.lastSeq,
    pictureVersion: world.pictureVersion,
    ...{ logSeq: 0, revocations: world.revocations, draw: null, appearance: null },
  };
}
