import type { Redis } from 'ioredis';
import { roomKey } from './keys.ts';
import type { RoomBeginning } from './room.ts';

/** For tests: what a new sale's room begins with; its free units are still to be said. */
export const noBeginning: RoomBeginning = {
  next: 0,
  frontier: 0,
  free: 0,
  outstanding: 0,
  outstandingActive: 0,
  outstandingMs: 0,
  settledFrom: 0,
  joined: 0,
  admitted: 0,
  issued: 0,
  redeemed: 0,
  expired: 0,
  abandoned: 0,
  frontierPriority: 0,
  epoch: 0,
  logSeq: 0,
};

/** For tests without checkouts: admission as if one could always commit, until a real lease. */
export async function leaseForGood(redis: Pick<Redis, 'hset'>, saleId: string): Promise<void> {
  await redis.hset(roomKey(saleId, 'room'), 'leaseUntil', 1e15);
}
