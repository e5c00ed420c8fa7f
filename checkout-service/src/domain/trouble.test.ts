import { describe, expect, it } from 'vitest';
import { judgeTrouble, type Trouble } from './trouble.ts';

const bounds = { quietMs: 6_000, lastMomentMs: 2_500, slowMs: 300, extraMs: 30_000 };
const trouble = (changes: Partial<Trouble>): Trouble => ({
  saleId: 'sale_1',
  visitor: 'v',
  expMs: 60_000,
  sinceMs: 10_000,
  failedAtMs: null,
  triedAtMs: null,
  isTold: false,
  ...changes,
});
const judged = (changes: Partial<Trouble>, nowMs: number) =>
  judgeTrouble(trouble(changes), nowMs, bounds);

describe('a token that a fault of ours kept from being spent', () => {
  it('gets what the fault took and something more, once nobody tries any longer', () => {
    expect(judged({ failedAtMs: 14_000 }, 19_999)).toEqual({ kind: 'wait' });
    expect(judged({ failedAtMs: 14_000 }, 20_000)).toEqual({ kind: 'give', ms: 40_000 });
  });

  it('waits while it is tried again, but for the last moment of its life', () => {
    const again = { failedAtMs: 14_000, triedAtMs: 15_000 };
    expect(judged(again, 57_000)).toEqual({ kind: 'wait' });
    expect(judged(again, 58_000)).toEqual({ kind: 'give', ms: 78_000 });
  });

  it('counts in the last moment as soon as its redemption takes long', () => {
    expect(judged({ triedAtMs: 58_000 }, 58_200)).toEqual({ kind: 'wait' });
    expect(judged({ triedAtMs: 58_000, sinceMs: 58_000 }, 58_300)).toEqual({
      kind: 'give',
      ms: 30_300,
    });
    expect(judged({ triedAtMs: 20_000 }, 25_000)).toEqual({ kind: 'wait' });
  });

  it('is given to once, and forgotten when it is dead', () => {
    expect(judged({ failedAtMs: 14_000, isTold: true }, 30_000)).toEqual({ kind: 'wait' });
    expect(judged({ failedAtMs: 14_000 }, 60_000)).toEqual({ kind: 'forget' });
    expect(judged({ triedAtMs: 59_000 }, 61_000)).toEqual({ kind: 'wait' });
  });
});
