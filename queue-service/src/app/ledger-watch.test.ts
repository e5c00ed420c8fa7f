import { expect, it, vi } from 'vitest';
import { ledgerWatch } from './ledger-watch.ts';

const holder = { pid: 7, application: 'psql', state: 'idle in transaction', seconds: 3 };

function setUp() {
  const clock = { now: 0 };
  const log = { info: vi.fn(), warn: vi.fn(), error: vi.fn() };
  const held: number[] = [];
  const onHeld = (seconds: number) => void held.push(seconds);
  const watch = ledgerWatch({ now: () => clock.now, log, onHeld });
  const seen = (at: number, by: Parameters<typeof watch>[0]) => {
    clock.now = at;
    watch(by);
    return log.warn.mock.calls.map(([fields]) => fields.seconds);
  };
  return { seen, log, held };
}

it('who holds the ledger up is told of when it has lasted, every five minutes, and at the end', () => {
  const { seen, log, held } = setUp();
  expect(seen(0, holder)).toEqual([]);
  expect(seen(9_000, { ...holder, seconds: 12 })).toEqual([12]);
  expect(log.warn.mock.calls[0]?.[0]).toMatchObject({ pid: 7, application: 'psql' });
  expect(seen(308_000, { ...holder, seconds: 311 })).toEqual([12]);
  expect(seen(309_000, { ...holder, seconds: 312 })).toEqual([12, 312]);
  expect(log.info).not.toHaveBeenCalled();
  seen(310_000, null);
  seen(311_000, null);
  expect(log.info).toHaveBeenCalledTimes(1);
  expect(held).toEqual([3, 12, 311, 312, 0, 0]);
});

it('one whose beginning Postgres does not show is counted from when it was seen', () => {
  const { seen } = setUp();
  expect(seen(0, { ...holder, seconds: null })).toEqual([]);
  expect(seen(10_000, { ...holder, seconds: null })).toEqual([10]);
});

it('what is over soon is not told of', () => {
  const { seen, log } = setUp();
  seen(0, holder);
  seen(2_000, null);
  expect(seen(9_000, { ...holder, seconds: null })).toEqual([]);
  expect(log.info).not.toHaveBeenCalled();
});
