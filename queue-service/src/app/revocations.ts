import type { Clock } from '@fairgate/shared/clock.ts';
import { Problem } from '@fairgate/shared/problem.ts';
import type { Room } from '@fairgate/shared/room/room.ts';
import { givenOut, revocationsMax, type Whom } from '../domain/revocation.ts';
import { numbersMargin } from '../domain/room-source.ts';
import { by, type Caller } from './caller.ts';
import type { Rows, Store } from './ports.ts';
import type { RoomKeeper } from './room-keeper.ts';
import { type Asked, requireAsked } from './sale-states.ts';
import { existingSale } from './sales.ts';

export type RevokeWish =
  | { visitor: string }
  | { numbers: { from: number; to: number } }
  | { all: true };

/** `whom` is null where nobody has such a place. */
export type Revocation = { saleId: string; whom: Whom | null; at: number };

/**
 * Places and unredeemed tokens stop working: kept in Postgres first, where checkouts look with each
 * claim, then told to the room before this resolves, if it can be reached; the timer repeats it.
 * Whoever joins later is not affected. Throws `not-found`, `conflict`, and `unavailable` where
 * `all` needs a room that cannot be reached.
 */
export type Revoke = (
  caller: Caller,
  saleId: string,
  wish: RevokeWish,
  asked: Asked,
) => Promise<Revocation>;

type Parts = { store: Store; room: Room; keeper: RoomKeeper; clock: Clock };

export function revoker(parts: Parts): Revoke {
  const { store, keeper, clock } = parts;
  return async (caller, saleId, wish, asked) => {
    if ((await existingSale(store, saleId)).phase === 'draft') {
      throw new Problem('conflict', 'The sale is a draft: nobody has a place in it.');
    }
    const whom = await whomOf(parts, saleId, wish);
    const at = clock.now();
    await store.transaction(async (rows) => {
      requireAsked(await existingSale(rows, saleId, 'update'), asked);
      if (whom !== null) await keep(rows, saleId, whom, at);
      const detail = { ...wish, whom };
      await rows.note({ ...by(caller), action: 'places.revoked', saleId, detail });
    });
    if (whom !== null) await keeper.tryPush(saleId);
    return { saleId, whom, at };
  };
}

/** The sale has a new version, so that its room is told. */
async function keep(rows: Rows, saleId: string, whom: Whom, now: number): Promise<void> {
  if ((await rows.revocations.count(saleId)) >= revocationsMax) {
    const detail = `There are ${revocationsMax} revocations in this sale: revoke a range instead.`;
    throw new Problem('conflict', detail);
  }
  await rows.revocations.insert(saleId, whom);
  await rows.sales.update(saleId, {}, now);
}

async function whomOf(parts: Parts, saleId: string, wish: RevokeWish): Promise<Whom | null> {
  const last = await lastNumber(parts, saleId).catch(async (cause: unknown) => {
    if (!('all' in wish)) return await lastNumberKnown(parts, saleId);
    throw new Problem('unavailable', 'The room cannot say how many have joined right now.', cause);
  });
  if ('visitor' in wish) return { kind: 'visitor', visitor: wish.visitor, to: last };
  const { from, to } = 'all' in wish ? { from: 1, to: last } : wish.numbers;
  return givenOut(from, to, last);
}

/** The highest number that was given out. A room that was lost is begun again first. */
async function lastNumber({ room, keeper, store }: Parts, saleId: string): Promise<number> {
  let figures = await room.figures(saleId);
  if (figures === null) {
    await keeper.push(saleId);
    figures = await room.figures(saleId);
  }
  // That of a sale closed long ago is gone.
  return figures?.next ?? (await store.rooms.checkpoint(saleId))?.next ?? 0;
}

/** No less than the highest: a few who join when the room is back may be taken for earlier ones. */
async function lastNumberKnown({ store }: Parts, saleId: string): Promise<number> {
  return ((await store.rooms.checkpoint(saleId))?.next ?? 0) + numbersMargin;
}
