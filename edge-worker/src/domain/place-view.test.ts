import { permutation } from '@fairgate/shared/draw/permutation.ts';
import { expect, test } from 'vitest';
import { snapshotOf } from '../../../e2e/support/snapshots.ts';
import { placeView, type Standing } from './place-view.ts';

const moment = { nowMs: 2_000_000, random: 0.5, isStale: false };
const waiting = (score: number, number = score): Standing => ({
  state: 'waiting',
  lane: 'main',
  number,
  score,
  untilMs: 0,
});

test('positions count only people who are still there', () => {
  const snapshot = snapshotOf({ line: [3, 7, 8, 20] });
  const place = placeView(waiting(8), snapshot, moment);
  expect(place).toMatchObject({ state: 'waiting', number: 8, ahead: 2, behind: 1, lane: 'main' });
  expect(place.stale).toBeUndefined();
});

test('who came after the snapshot stands behind everyone in it', () => {
  const snapshot = snapshotOf({ line: [3, 7] });
  expect(placeView(waiting(8), snapshot, moment)).toMatchObject({ ahead: 2, behind: 0 });
});

test('who was passed over and came back stands where the room says, under the old number', () => {
  const snapshot = snapshotOf({ line: [10.5, 11, 12], frontier: 10 });
  const place = placeView(waiting(10.5, 4), snapshot, moment);
  expect(place).toMatchObject({ number: 4, ahead: 0, behind: 2 });
});

test('before the start a place is in the lobby, and after the end its wait is over', () => {
  for (const [state, shown] of [
    ['scheduled', 'lobby'],
    ['lobby', 'lobby'],
    ['open', 'waiting'],
    ['paused', 'waiting'],
    ['sold_out', 'waiting'],
    ['closed', 'expired'],
  ] as const) {
    const place = placeView(waiting(1), snapshotOf({ state, line: [1] }), moment);
    expect([place.state, place.saleState]).toEqual([shown, state]);
  }
});

test('an admitted place has a deadline and nobody ahead; an ended one has neither', () => {
  const untilMs = 2_060_000;
  const snapshot = snapshotOf({ line: [9], frontier: 5 });
  const at = (state: Standing['state']) =>
    placeView({ state, lane: 'main', number: 5, score: 0, untilMs }, snapshot, moment);
  for (const state of ['admitted', 'issued'] as const) {
    const until = new Date(untilMs).toISOString();
    expect(at(state)).toMatchObject({ state, ahead: 0, etaSeconds: null, admittedUntil: until });
  }
  for (const state of ['expired', 'left'] as const) {
    const place = at(state);
    expect(place).toMatchObject({ state, ahead: null, behind: null, etaSeconds: null });
    expect(place.admittedUntil).toBeUndefined();
  }
});

test('a line that a fault of ours has halted says so, and forecasts nothing', () => {
  const snapshot = snapshotOf({ line: [1], halted: true });
  const place = placeView(waiting(1), snapshot, moment);
  expect(place).toMatchObject({ halted: true, etaSeconds: null, state: 'waiting', ahead: 0 });
  const admitted: Standing = {
    state: 'admitted',
    lane: 'main',
    number: 1,
    score: 0,
    untilMs: 2_060_000,
  };
  expect(placeView(admitted, snapshot, moment).halted).toBeUndefined();
});

test('an answer from an old snapshot says so', () => {
  const place = placeView(waiting(1), snapshotOf({ line: [1] }), { ...moment, isStale: true });
  expect(place.stale).toBe(true);
});

test('before the draw of a lottery nobody stands anywhere, and all have the same odds', () => {
  const lobby = { mode: 'lottery', state: 'lobby', last: 100 } as const;
  const many = placeView(waiting(42), snapshotOf({ ...lobby, waiting: 100 }), moment);
  expect(many).toMatchObject({ state: 'lobby', number: 42, ahead: null, behind: null });
  expect(many).toMatchObject({ etaSeconds: null, outlook: { kind: 'unlikely', unitsLeft: 7 } });
  expect(many.lobbyNumber).toBeUndefined();
  const few = placeView(waiting(42), snapshotOf({ ...lobby, waiting: 8 }), moment);
  expect(few.outlook.kind).toBe('likely');
});

test('after the draw an entrant is shown the rank, and a later one the number', () => {
  const key = 'ab'.repeat(32);
  const line = [1, 2, 3].map((rank) => rank - 2 ** 30);
  const snapshot = snapshotOf({ mode: 'lottery', drawn: { key, entrants: 3 }, line: [...line, 4] });
  const { rankOf } = permutation(key, 3);
  const place = placeView(waiting(rankOf(2) - 2 ** 30, 2), snapshot, moment);
  expect(place).toMatchObject({ number: rankOf(2), lobbyNumber: 2, ahead: rankOf(2) - 1 });
  const late = placeView(waiting(4), snapshot, moment);
  expect(late).toMatchObject({ number: 4, ahead: 3, behind: 0 });
  expect(late.lobbyNumber).toBeUndefined();
});
