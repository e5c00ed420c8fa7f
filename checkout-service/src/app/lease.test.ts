import { describe, expect, it } from 'vitest';
import { makeLease } from './lease.ts';

/** A beat that takes `tookMs`, and the leases that came of it. */
function rig(tookMs: number) {
  let now = 1_000;
  const leases: [string, number][] = [];
  const round = makeLease({
    store: {
      async beat() {
        now += tookMs;
        return ['sale_1', 'sale_2'];
      },
    },
    room: {
      async lease(saleId, ms) {
        leases.push([saleId, ms]);
      },
    },
    leaseMs: 2_500,
    now: () => now,
  });
  return { leases, round };
}

describe('a beat', () => {
  it('leases every room that may admit, counted from before the commit', async () => {
    const { leases, round } = rig(400);
    await round();
    expect(leases).toEqual([
      ['sale_1', 2_100],
      ['sale_2', 2_100],
    ]);
  });

  it('leases nothing where the commit took as long as a lease', async () => {
    const { leases, round } = rig(2_500);
    await round();
    expect(leases).toEqual([]);
  });
});
