import type { Redemptions, SpentToken } from './redemptions.ts';

/** For tests and for trying it out: another process, and this one after a restart, know nothing of it. */
export function redemptionsInMemoryForTests(): Redemptions {
  const spent = new Map<string, SpentToken>();
  return {
    async spend(jti, attempt) {
      const known = spent.get(jti);
      if (known === undefined) spent.set(jti, { ...attempt, answer: null });
      return known ?? null;
    },
    async keep(jti, answer) {
      const known = spent.get(jti);
      if (known !== undefined) spent.set(jti, { ...known, answer });
    },
    async release(jti) {
      if (spent.get(jti)?.answer === null) spent.delete(jti);
    },
  };
}
