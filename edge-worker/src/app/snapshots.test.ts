import { expect, test } from 'vitest';
import { snapshotJson } from '../../../e2e/support/snapshots.ts';
import type { Gateways, SnapshotAnswer } from './ports.ts';
import { heldSnapshots } from './snapshots.ts';

const saleId = 'sale_1';

/** An isolate at a time that the test sets, with answers of the room that it gives. */
function isolate() {
  const state = { now: 1_000_000, asked: 0, answer: fresh(1_000_000) as SnapshotAnswer };
  const releases: (() => void)[] = [];
  let isHeld = false;
  const snapshot = async (): Promise<SnapshotAnswer> => {
    state.asked += 1;
    const { answer } = state;
    if (isHeld) await new Promise<void>((resolve) => releases.push(resolve));
    return answer;
  };
  const never = async () => ({ kind: 'unavailable', cause: 'not in this test' }) as const;
  const gateways: Gateways = {
    snapshot,
    join: never,
    look: never,
    note: never,
    take: never,
    leave: never,
    catalogue: never,
  };
  const snapshots = heldSnapshots(gateways, { now: () => state.now });
  const hold = () => {
    isHeld = true;
  };
  const letGo = () => {
    isHeld = false;
    for (const release of releases.splice(0)) release();
  };
  return { state, snapshots, hold, letGo };
}

function fresh(asOf: number): SnapshotAnswer {
  return { kind: 'fresh', json: snapshotJson({ asOf, startsAt: asOf, saleId: 'sale_1' }) };
}

test('many polls within a second cost one question', async () => {
  const { state, snapshots } = isolate();
  for (let i = 0; i < 100; i += 1) {
    expect((await snapshots.find(saleId, 'ticket')).kind).toBe('found');
    state.now += 6;
  }
  expect(state.asked).toBe(1);
  state.now += 200;
  state.answer = fresh(state.now);
  await snapshots.find(saleId, 'ticket');
  expect(state.asked).toBe(2);
});

test('one request fetches, the others go on with what is there, up to 1.5 s', async () => {
  const { state, snapshots, hold, letGo } = isolate();
  await snapshots.find(saleId, 'ticket');
  state.now += 800;
  hold();
  const fetching = snapshots.find(saleId, 'ticket');
  expect(state.asked).toBe(2);
  const other = snapshots.find(saleId, 'ticket');
  expect(other).toMatchObject({ kind: 'found', isStale: false });
  expect(state.asked).toBe(2);
  state.now += 800;
  void snapshots.find(saleId, 'ticket');
  expect(state.asked).toBe(3);
  letGo();
  await fetching;
});

test('with the room away the last snapshot answers, marked, and the room is left in peace', async () => {
  const { state, snapshots } = isolate();
  await snapshots.find(saleId, 'ticket');
  state.answer = { kind: 'unavailable', cause: 'away' };
  state.now += 2_000;
  for (let i = 0; i < 50; i += 1) {
    expect(await snapshots.find(saleId, 'ticket')).toMatchObject({ kind: 'found', isStale: true });
    state.now += 5;
  }
  expect(state.asked).toBe(2);
  state.now += 23 * 3_600_000;
  expect(await snapshots.find(saleId, 'ticket')).toMatchObject({ kind: 'found', isStale: true });
  state.now += 3_600_000;
  expect(await snapshots.find(saleId, 'ticket')).toEqual({ kind: 'unavailable' });
  state.now += 1_000;
  state.answer = fresh(state.now);
  expect(await snapshots.find(saleId, 'ticket')).toMatchObject({ kind: 'found', isStale: false });
});

test('clocks that disagree with the room make nobody ask more often than five times a second', async () => {
  const { state, snapshots } = isolate();
  // The room's clock is an hour behind, then an hour ahead.
  for (const skewMs of [-3_600_000, 3_600_000]) {
    state.answer = fresh(state.now + skewMs);
    state.now += 10_000;
    const before = state.asked;
    for (let i = 0; i < 60; i += 1) {
      await snapshots.find(saleId, 'ticket');
      state.now += 10;
    }
    expect(state.asked - before).toBeLessThanOrEqual(4);
    expect(state.asked - before).toBeGreaterThanOrEqual(1);
  }
});

test('a sale that does not exist is asked for once in a second', async () => {
  const { state, snapshots } = isolate();
  state.answer = { kind: 'unknown', isEmptied: false };
  for (let i = 0; i < 10; i += 1) {
    expect(await snapshots.find(saleId, 'sale')).toEqual({ kind: 'unknown' });
  }
  expect(state.asked).toBe(1);
});

test('a Redis that was emptied keeps ticket holders, while a deleted sale is gone at once', async () => {
  const { state, snapshots } = isolate();
  await snapshots.find(saleId, 'ticket');
  state.now += 2_000;
  state.answer = { kind: 'unknown', isEmptied: true };
  expect(await snapshots.find(saleId, 'ticket')).toMatchObject({ kind: 'found', isStale: true });
  state.now += 2_000;
  state.answer = { kind: 'unknown', isEmptied: false };
  expect(await snapshots.find(saleId, 'ticket')).toEqual({ kind: 'unknown' });
});
