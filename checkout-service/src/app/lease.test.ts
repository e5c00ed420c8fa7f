import { describe, expect, it } from 'vitest';
import { makeLease } from './lease.ts';

/** What the rooms' clock is ahead of ours. */
const aheadMs = 1_000_000;
type Given = { beatMs?: number; replyMs?: number; broken?: string };

/** Beats that take `beatMs`; `round` gives the leases that came of one, by our clock from its begin. */
function rig(given: Given) {
  let now = 1_000;
  let leases: [string, number][] = [];
  const lease = makeLease({
    store: {
      async beat() {
        now += given.beatMs ?? 0;
        return ['sale_1', 'sale_2'];
      },
    },
    room: {
      async lease(saleId, until) {
        if (saleId === given.broken) throw new Error('this room is broken');
        leases.push([saleId, until]);
        const theirs = now + aheadMs;
        now += given.replyMs ?? 0;
        return theirs;
      },
    },
    leaseMs: 2_500,
    now: () => now,
  });
  const round = async () => {
    leases = [];
    const begunAt = now + aheadMs;
    const fault = await lease().catch((error: unknown) => error);
    const leased = leases.filter(([, until]) => until > 0);
    return { leased: leased.map(([id, until]) => [id, until - begunAt]), leases, fault };
  };
  return { round };
}

describe('a beat', () => {
  it('leases every room that may admit, counted from before the commit, by its own clock', async () => {
    const { leased, fault } = await rig({ beatMs: 400 }).round();
    expect(leased).toEqual([
      ['sale_1', 2_500],
      ['sale_2', 2_500],
    ]);
    expect(fault).toBe('done');
  });

  it('leases nothing where the commit took as long as a lease', async () => {
    expect((await rig({ beatMs: 2_500 }).round()).leases).toEqual([]);
  });

  it('leases for less where the room answered late, and never for more', async () => {
    const { leased } = await rig({ replyMs: 300 }).round();
    for (const [, ms] of leased) expect(ms).toBeLessThanOrEqual(2_500 - 300);
  });

  it('leases all other rooms where one is broken, and says so', async () => {
    const { round } = rig({ broken: 'sale_1' });
    for (let i = 0; i < 3; i += 1) {
      const { leased, fault } = await round();
      expect(leased).toEqual([['sale_2', 2_500]]);
      expect(fault).toMatchObject({ message: 'this room is broken' });
    }
  });
});
