import { describe, expect, it } from 'vitest';
import { makeRelay } from './relay.ts';
import { RoomAway } from './room-away.ts';
import type { OutboxReport } from './room-ports.ts';

const kind = 'spent' as const;
const base = { jti: 'j', visitor: 'v', number: 1, max: 1, taken: 1, returned: 0, payBefore: 0 };
const reports: OutboxReport[] = Array.from({ length: 6 }, (_, i) => ({
  id: i + 1,
  saleId: `sale_${i + 1}`,
  ageSeconds: 0,
  report: { kind, ...base },
}));

/** Six sales with a report each; the clock stands still unless `settle` moves it. */
function rig(settle: (saleId: string, clock: { ms: number }) => void) {
  const clock = { ms: 0 };
  const asked: string[] = [];
  const counts: Record<string, number> = {};
  const left = new Set(reports.map((row) => row.id));
  const round = makeRelay({
    store: {
      async relay(limit, without, deliver) {
        const due = reports.filter((row) => left.has(row.id) && !without.includes(row.saleId));
        const { done, refused } = await deliver(due.slice(0, limit), []);
        for (const id of [...done, ...refused]) left.delete(id);
        return done.length;
      },
    },
    room: {
      async settle(saleId, rows) {
        asked.push(saleId);
        settle(saleId, clock);
        return rows.length > 0 ? 'taken' : 'no-room';
      },
    },
    metrics: {
      reports(outcome, count) {
        counts[outcome] = (counts[outcome] ?? 0) + count;
      },
    },
    log: { info() {}, warn() {}, error() {} },
    batchMax: 500,
    keepSeconds: 900,
    now: () => clock.ms,
  });
  return { asked, left, counts, clock, round };
}

describe('a round of the relay', () => {
  it('ends with the first fault of the connection', async () => {
    const { asked, round } = rig((_, clock) => {
      clock.ms += 1_500;
      throw new RoomAway('made so');
    });
    await expect(round()).rejects.toThrow('made so');
    expect(asked).toEqual(['sale_1']);
  });

  it('goes on after a fault of one sale, and leaves that sale out for a while', async () => {
    const { asked, left, round } = rig((saleId) => {
      if (saleId === 'sale_2') throw new Error('of that sale alone');
    });
    expect(await round()).toBe('done');
    expect([...left]).toEqual([2]);
    await round();
    expect(asked).toHaveLength(6);
  });

  it('asks a room less and less often that refuses all it is told, and counts that', async () => {
    const { asked, counts, clock, round } = rig(() => {
      throw new Error('of every sale');
    });
    const askedBy = async (seconds: number) => {
      while (clock.ms < seconds * 1_000) {
        await round().catch(() => undefined);
        clock.ms += 150;
      }
      return asked.filter((saleId) => saleId === 'sale_1').length;
    };
    // At 0, 2, 6, 14 and 30 s, and then every 30 s.
    expect(await askedBy(31)).toBe(5);
    expect(await askedBy(31 + 300)).toBe(15);
    expect(counts.kept).toBe(asked.length);
  });

  it('lasts some 3 s at most, and comes again at once', async () => {
    const { asked, left, round } = rig((_, clock) => {
      clock.ms += 1_000;
    });
    expect(await round()).toBe('again');
    expect(asked).toHaveLength(2);
    while ((await round()) === 'again');
    expect(left.size).toBe(0);
  });
});
