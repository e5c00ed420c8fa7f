import type { LeaseStore, RoomReports } from './room-ports.ts';

export type LeaseOptions = {
  store: LeaseStore;
  room: Pick<RoomReports, 'lease'>;
  leaseMs: number;
  now(): number;
};

/**
 * One round of the admission lease (D10): a commit of our own -> the rooms of the sales that were
 * live in it may admit for `leaseMs`, counted from before the commit. Rejects when either store
 * gave no answer; then the rooms shut by themselves, unless another checkout can commit.
 */
export function makeLease(options: LeaseOptions): () => Promise<'done'> {
  return async () => {
    const begunAt = options.now();
    const saleIds = await options.store.beat();
    const leftMs = begunAt + options.leaseMs - options.now();
    if (leftMs <= 0) return 'done';
    await Promise.all(saleIds.map((saleId) => options.room.lease(saleId, leftMs)));
    return 'done';
  };
}
