import type { Clock } from '@fairgate/shared/clock.ts';
import type { Room } from '@fairgate/shared/room/room.ts';
import type { SnapshotAnswer, UnknownSale } from '../app/ports.ts';
import { TwoGenerations } from '../app/two-generations.ts';

export type Advances = { snapshot(saleId: string): Promise<SnapshotAnswer> };

type Held = { json: string; receivedAtMs: number };

/** With the 500 ms of the stored one and the isolate's 700, no answer is older than 1.5 s. */
const heldMsMax = 200;
const salesMax = 200;
/** A room that hangs is not waited for where there is something to show (D10). */
const patienceMs = 1_000;

/**
 * `advance`, asked once for all who ask at the same time (a Durable Object may share a promise),
 * and the last snapshot for when the room is away.
 */
export function heldAdvances(
  room: Room,
  whenReady: () => Promise<void>,
  unknown: () => Promise<UnknownSale>,
  clock: Clock,
): Advances {
  const held = new TwoGenerations<Held>(salesMax);
  const underWay = new Map<string, Promise<SnapshotAnswer>>();

  const advance = async (saleId: string): Promise<SnapshotAnswer> => {
    try {
      await whenReady();
      const json = await room.advanceJson(saleId);
      if (json === '') return await unknown();
      held.set(saleId, { json, receivedAtMs: clock.now() });
      return { kind: 'fresh', json };
    } catch (error) {
      const last = held.get(saleId);
      const cause = String(error);
      return last ? { kind: 'stale', json: last.json, cause } : { kind: 'unavailable', cause };
    } finally {
      underWay.delete(saleId);
    }
  };

  return {
    async snapshot(saleId) {
      const last = held.get(saleId);
      if (last && clock.now() - last.receivedAtMs < heldMsMax) {
        return { kind: 'fresh', json: last.json };
      }
      const shared = underWay.get(saleId) ?? advance(saleId);
      underWay.set(saleId, shared);
      return last ? await orStale(shared, last) : await shared;
    },
  };
}

/** The answer, or the last one where it does not come in time. */
async function orStale(answer: Promise<SnapshotAnswer>, last: Held): Promise<SnapshotAnswer> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<SnapshotAnswer>((resolve) => {
    const cause = 'the room does not answer in time';
    timer = setTimeout(() => resolve({ kind: 'stale', json: last.json, cause }), patienceMs);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
