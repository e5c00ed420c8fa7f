import type { LookQuestion } from '@fairgate/shared/room/room.ts';
import { expect, test } from 'vitest';
import { gatheredHeartbeats } from './heartbeats.ts';
import type { Gateways } from './ports.ts';

const saleId = 'sale_1';
const ask = (number: number): LookQuestion => ({ visitor: `v${number}`, number, ordinal: 1 });

/** Heartbeats with a clock and a sleep that the test moves. */
function isolate(isOwn: (question: LookQuestion) => boolean = () => true) {
  const state = { now: 1_000_000 };
  const calls: LookQuestion[][] = [];
  const kept: Promise<void>[] = [];
  const sleepers: (() => void)[] = [];
  const note: Gateways['note'] = async (_, questions) => {
    calls.push(questions);
    const elsewhere = questions.flatMap((question, i) => (isOwn(question) ? [] : [i]));
    return { kind: 'answered', elsewhere };
  };
  const never = async () => ({ kind: 'unavailable', cause: 'not in this test' }) as const;
  const gateways: Gateways = {
    note,
    snapshot: never,
    join: never,
    look: never,
    take: never,
    leave: never,
    catalogue: never,
  };
  const sleep = () => new Promise<void>((resolve) => sleepers.push(resolve));
  const heartbeats = gatheredHeartbeats(gateways, { now: () => state.now }, sleep);
  const flush = async () => {
    for (const wake of sleepers.splice(0)) wake();
    await Promise.all(kept);
  };
  const poll = (number: number) => heartbeats.note(saleId, ask(number), (task) => kept.push(task));
  return { state, calls, kept, heartbeats, flush, poll };
}

test('the heartbeats of a second go to the room as one batch', async () => {
  const { calls, kept, flush, poll } = isolate();
  for (let number = 1; number <= 300; number += 1) poll(number);
  expect(kept).toHaveLength(1);
  await flush();
  expect(calls.map((it) => it.length)).toEqual([300]);
});

test('a visitor who polls without end is noted every two seconds', async () => {
  const { state, calls, flush, poll } = isolate();
  for (let ms = 0; ms < 4_000; ms += 10) {
    poll(1);
    state.now += 10;
    if (ms % 1_000 === 990) await flush();
  }
  expect(calls.flat()).toHaveLength(2);
});

test('places that ended or stand elsewhere are asked after from then on, others are not', async () => {
  const { heartbeats, flush, poll } = isolate(({ number }) => number === 1);
  for (const number of [1, 2]) poll(number);
  await flush();
  const elsewhere = [1, 2].filter((number) => heartbeats.isElsewhere(saleId, ask(number)));
  expect(elsewhere).toEqual([2]);
  // The visitor's next place has another number, and stands where its ticket says.
  expect(heartbeats.isElsewhere(saleId, { ...ask(2), number: 99 })).toBe(false);
});

test('a buffer whose request died is taken over', async () => {
  const { state, calls, kept, flush, poll } = isolate();
  poll(1);
  state.now += 3_100;
  poll(2);
  expect(kept).toHaveLength(2);
  await flush();
  expect(calls.at(-1)?.map(({ number }) => number)).toEqual([1, 2]);
});
