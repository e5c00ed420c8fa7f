import type { LeaseStore, RoomReports } from './room-ports.ts';

export type LeaseOptions = {
  store: LeaseStore;
  room: Pick<RoomReports, 'lease'>;
  leaseMs: number;
  /** A clock that nobody sets. */
  now(): number;
};

/**
 * One round of the admission lease (D10): a commit of our own -> the rooms of the sales that were
 * live in it may admit for `leaseMs`, counted from before the commit. Rejects when either store
 * gave no answer, or a room refused; then the rooms it concerns shut by themselves, unless another
 * checkout can commit.
 */
export function makeLease(options: LeaseOptions): () => Promise<'done'> {
  /** By sale: how far the clock of its Redis is ahead of ours; a slow answer makes it less, never more. */
  const ahead = new Map<string, number>();
  async function lease(saleId: string, until: number): Promise<void> {
    const theirs = until + (ahead.get(saleId) ?? Number.NEGATIVE_INFINITY);
    const clock = await options.room.lease(saleId, Math.max(0, theirs));
    ahead.set(saleId, clock - options.now());
  }
  return async () => {
    const until = options.now() + options.leaseMs;
    const saleIds = await options.store.beat();
    if (options.now() >= until) return 'done';
    const asked = await Promise.allSettled(
      saleIds.map(async (saleId) => {
        // Before the first lease of a room its clock is not known: that one is spent on asking.
        if (!ahead.has(saleId)) await lease(saleId, until);
        await lease(saleId, until);
      }),
    );
    for (const saleId of ahead.keys()) if (!saleIds.includes(saleId)) ahead.delete(saleId);
    for (const one of asked) if (one.status === 'rejected') throw one.reason;
    return 'done';
  };
}
