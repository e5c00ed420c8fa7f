import type { Redemptions, SpentToken } from './redemptions.ts';

/** For tests and for trying it out: another process, and this one after a restart, know nothing of it. */
export function redemptionsInMemoryForTests(): Redemptions {
  const spent = new Map<string, SpentToken>();
  const busyUntil = new Map<string, number>();
  return {
    async spend(jti, attempt) {
      const known = spent.get(jti);
      if (known === undefined) spent.set(jti, { ...attempt, answer: null });
      return known ?? null;
    },
    async takeUp(jti, leaseMs) {
      const isFree = (busyUntil.get(jti) ?? 0) < Date.now();
      if (isFree) busyUntil.set(jti, Date.now() + leaseMs);
      return isFree;
    },
    async putDown(jti) {
      busyUntil.delete(jti);
    },
    async keep(jti, answer) {
      const known = spent.get(jti);
      if (known !== undefined) spent.set(jti, { ...known, answer });
    },
    async release(jti) {
      if (spent.get(jti)?.answer !== null) return;
      spent.delete(jti);
      busyUntil.delete(jti);
    },
  };
}
