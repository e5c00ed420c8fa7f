import type { Lane } from '@fairgate/shared/place.ts';
import type { Revocation, StockCount } from '@fairgate/shared/room/room.ts';
import { type RoomSettings, roomSettingsDefaults, type SalePhase } from '@fairgate/shared/sale.ts';
import type { BoundingChange, Checkpoint } from '../../queue-service/src/domain/room-source.ts';
import { type Ledger, newLedger, type Order } from './ledger.ts';
import { type Allowance, newAllowance } from './rate.ts';

/** What a visitor can show; the ordinal counts their admissions. */
export type Ticket = { number: number; ordinal: number; lane: Lane };

export type Place = {
  ticket: Ticket;
  /** `ended`: left, or let the turn pass. */
  state: 'waiting' | 'admitted' | 'issued' | 'done' | 'ended';
  /** Of the admission: how long it lives, and the units that it promises. */
  until: number;
  /** As `until` was told first: no time was given back yet. */
  untilFirst: number;
  promise: number;
  seenAt: number;
  /** The room may have passed them over: they were silent for longer than `abandonSeconds`. */
  isLoose: boolean;
  /** Heard of since Redis was emptied last. */
  isBack: boolean;
};

export type Visitor = { id: string; place: Place | null; oldTickets: Ticket[] };

/** What a run begins with. */
export type Setup = {
  units: number;
  admitPerMinute: number;
  maxActive: number;
  tokenSeconds: number;
  abandonSeconds: number;
  maxUnitsPerShopper: number;
  guaranteeStock: boolean;
};

/** Everything that the simulation knows, and the room does not tell it. */
export type World = {
  now: number;
  visitors: Visitor[];
  ledger: Ledger;
  settings: RoomSettings;
  phase: SalePhase;
  startsAt: number;
  /** Of the sale as its admins set it; each change makes it one more. */
  version: number;
  leaseUntil: number;
  allowance: Allowance;
  /** When the room heard of anybody last, and since when that was often enough to judge absence. */
  heardAt: number;
  steadySince: number;
  /** The highest number that was given out. */
  highest: number;
  /** Redis was emptied, and the room is not made anew yet. */
  isLost: boolean;
  wasEmptied: boolean;
  /** What Postgres remembers of the room, and settings of since then. */
  checkpoint: Checkpoint | null;
  changes: BoundingChange[];
  /** Passes for the priority lane that were used, each with who used it. */
  passes: Map<string, string>;
  revocations: Revocation[];
  picture: StockCount | null;
  pictureVersion: number;
};

export const startMs = Date.parse('2026-06-01T12:00:00Z');
const visitorCount = 6;

export function newWorld(setup: Setup): World {
  const { units, ...settings } = setup;
  return {
    now: startMs,
    visitors: visitorIds().map((id) => ({ id, place: null, oldTickets: [] })),
    ledger: newLedger(units),
    settings: { ...roomSettingsDefaults, ...settings },
    phase: 'open',
    startsAt: startMs,
    version: 0,
    leaseUntil: 0,
    allowance: newAllowance(setup.admitPerMinute, startMs),
    heardAt: startMs,
    steadySince: startMs,
    highest: 0,
    isLost: true,
    wasEmptied: false,
    checkpoint: null,
    changes: [],
    passes: new Map(),
    revocations: [],
    picture: null,
    pictureVersion: 0,
  };
}

function visitorIds(): string[] {
  return Array.from({ length: visitorCount }, (_, i) => `v${i + 1}`);
}

export function visitorAt(world: World, index: number): Visitor {
  const visitor = world.visitors[index % world.visitors.length];
  if (visitor === undefined) throw new Error(`no visitor ${index}`);
  return visitor;
}

export function abandonMs(world: World): number {
  return world.settings.abandonSeconds * 1_000;
}

/** By the contract: heard of within `abandonSeconds`, or when nobody could be heard of since. */
export function isPresent(world: World, place: Place): boolean {
  const silentMs = world.now - world.heardAt;
  const since = silentMs > abandonMs(world) && place.isBack ? world.heardAt : world.now;
  return since - place.seenAt <= abandonMs(world);
}

/** Long unheard of, while others were heard of all the time: no claim to anything is left. */
export function isAbandoned(world: World, place: Place): boolean {
  // Presence is noted in spans of a quarter of `abandonSeconds`, by whole seconds.
  const spanMs = Math.ceil(world.settings.abandonSeconds / 4) * 1_000;
  if (world.now - world.heardAt > abandonMs(world) / 2) return false;
  const since = Math.max(place.seenAt, world.steadySince);
  return world.now - since > Math.max(6 * spanMs, abandonMs(world) + spanMs);
}

/** The room heard of somebody. After an outage, whoever was present before it still is. */
export function hear(world: World): void {
  if (world.now - world.heardAt > abandonMs(world)) {
    for (const { place } of world.visitors) {
      if (place !== null && isPresent(world, place)) place.seenAt = world.now;
    }
  }
  if (world.now - world.heardAt > abandonMs(world) / 2) world.steadySince = world.now;
  world.heardAt = world.now;
}

/** Tokens that can be spent, and admissions of which none was taken: `jti` -> units, at the most. */
export function claims(world: World): Map<string, number> {
  const { ledger, now } = world;
  const found = new Map<string, number>();
  for (const { jti, fate, exp, max, visitor, number } of ledger.tokens.values()) {
    const isGood = fate === 'alive' && now < exp && !isRevoked(world, visitor, number);
    if (isGood) found.set(jti, max);
  }
  for (const { id, place } of world.visitors) {
    if (!isLetIn(world, place)) continue;
    const jti = jtiOf(id, place.ticket.ordinal);
    const { fate } = ledger.tokens.get(jti) ?? { fate: 'alive' };
    if (fate === 'alive') found.set(jti, Math.max(found.get(jti) ?? 0, place.promise));
  }
  return found;
}

export function isRevoked(world: World, visitor: string, number: number): boolean {
  return world.revocations.some((one) => {
    return number <= one.to && ('visitor' in one ? one.visitor === visitor : one.from <= number);
  });
}

export function isLetIn({ now }: World, place: Place | null): place is Place {
  return (place?.state === 'admitted' || place?.state === 'issued') && now < place.until;
}

/** Units that the room promised to late money, which may not have taken them yet. */
export function lateClaims(world: World): number {
  const asked = world.ledger.orders.filter(({ late }) => late === 'promised');
  return asked.reduce((sum, { units }) => sum + units, 0);
}

export function awaiting(world: World): Order[] {
  return world.ledger.orders.filter(({ state }) => state === 'awaiting');
}

/** As the edge derives it: the same for the same visitor and ordinal. */
export function jtiOf(visitor: string, ordinal: number): string {
  return `${visitor}-${ordinal}`;
}
