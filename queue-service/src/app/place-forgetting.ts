import type { Clock } from '@fairgate/shared/clock.ts';
import type { Room } from '@fairgate/shared/room/room.ts';
import type { Addressed } from './place-ports.ts';
import type { Store } from './ports.ts';

/** What is kept of people goes a day after the sale. */
const keptMs = 24 * 3_600_000;
const stepMax = 500;
/** In one pass; the next one goes on from there. */
const stepsMax = 40;

type Parts = { store: Pick<Store, 'places'>; room: Pick<Room, 'standing'>; clock: Clock };

/** One pass that drops what is kept of sales that are over. */
export function forgetPast({ store, clock }: Pick<Parts, 'store' | 'clock'>): () => Promise<void> {
  return async () => {
    while ((await store.places.forget(clock.now() - keptMs)) > 0);
  };
}

/**
 * Drops the addresses of those who are told nothing of a place any more: all of who has left, and the e-mail
 * address of who has bought; by push they hear of their order yet.
 */
export function forgetLeft({ store, room }: Pick<Parts, 'store' | 'room'>): () => Promise<void> {
  let after: Addressed | null = null;
  return async () => {
    for (let step = 0; step < stepsMax; step += 1) {
      const found: Addressed[] = await store.places.addressed(after, stepMax);
      for (const [saleId, ones] of Map.groupBy(found, (one) => one.saleId)) {
        const visitors = ones.map(({ visitor }) => visitor);
        const standings = await room.standing(saleId, visitors);
        const ended = visitors.flatMap((visitor, i) => {
          const { state, number = 0 } = standings[i] ?? {};
          if (state !== 'left' && state !== 'done') return [];
          return [{ visitor, number, dropsPush: state === 'left' }];
        });
        await store.places.dropAddresses(saleId, ended);
      }
      after = found.length < stepMax ? null : (found.at(-1) ?? null);
      if (after === null) return;
    }
  };
}
