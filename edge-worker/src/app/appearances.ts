import { type Appearance, publishedAppearanceSchema } from '@fairgate/shared/appearance.ts';
import type { Clock } from '@fairgate/shared/clock.ts';
import type { AppearanceGateways } from './appearance-ports.ts';
import { limits } from './limits.ts';
import type { Snapshots } from './snapshots.ts';
import { TwoGenerations } from './two-generations.ts';

export type Appearances = {
  /** The shop's own look of a sale; null where it has none, or none is known. */
  of(sale: { id: string }): Promise<Appearance | null>;
};

type Held = {
  /** 0 before anything was read. */
  version: number;
  appearance: Appearance | null;
  /** When a request began to read the next one; 0 when none is under way. */
  fetchSinceMs: number;
  failedAtMs: number;
};

type Parts = {
  gateways: AppearanceGateways;
  snapshots: Snapshots;
  clock: Clock;
  log(where: string, error: unknown): void;
};

/**
 * Held by the isolate by sale, and read anew where the sale's snapshot names another one: a view of
 * a page asks nobody. While that cannot be read, the last one serves on.
 */
export function heldAppearances(parts: Parts): Appearances {
  const { snapshots, clock } = parts;
  const held = new TwoGenerations<Held>(limits.appearancesMax);
  return {
    async of({ id }) {
      const found = await snapshots.find(id, 'sale');
      const last = held.get(id);
      if (found.kind !== 'found') return last?.appearance ?? null;
      const asked = found.snapshot.info.appearance?.version;
      if (asked === undefined) return null;
      if (last !== undefined && serves(last, asked, clock.now())) return last.appearance;
      const next = last ?? { ...nothing };
      next.fetchSinceMs = clock.now();
      held.set(id, next);
      await fetchInto(next, parts, id);
      return next.appearance;
    },
  };
}

const nothing: Held = { version: 0, appearance: null, fetchSinceMs: 0, failedAtMs: 0 };

/** It is new enough, or the next is being read, or could not be read a moment ago. */
function serves(last: Held, asked: number, now: number): boolean {
  if (last.version >= asked) return true;
  const isFetching = last.fetchSinceMs > 0 && now - last.fetchSinceMs < limits.fetchMsMax;
  return (isFetching && last.version > 0) || now - last.failedAtMs < limits.failurePauseMs;
}

async function fetchInto(
  held: Held,
  { gateways, clock, log }: Parts,
  saleId: string,
): Promise<void> {
  const answer = await gateways.appearance(saleId);
  held.fetchSinceMs = 0;
  if (answer.kind !== 'found' || !read(held, answer.json, log)) held.failedAtMs = clock.now();
}

/** What cannot be understood (written by a newer service) changes nothing. */
function read(held: Held, json: string, log: Parts['log']): boolean {
  try {
    Object.assign(held, publishedAppearanceSchema.parse(JSON.parse(json)));
    return true;
  } catch (error) {
    log('appearance', error);
    return false;
  }
}
