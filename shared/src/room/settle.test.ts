import fc from 'fast-check';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freshRedisUrl } from '../../../e2e/support/stores.ts';
import { roomKey } from './keys.ts';
import { newcomer, type SettleReport } from './room.ts';
import { type RoomFixture, report, roomFixture, saleId, visitors } from './room-fixture.ts';

const redisUrl = await freshRedisUrl(afterAll);
let fixture: RoomFixture;
/** What each admission of the room promises, whatever its token says. */
const promise = 2;
const units = 60;
/** Reports up to this id were in Postgres when the room began. */
const settledFrom = 100;

beforeEach(async () => {
  fixture = await roomFixture(redisUrl, { units, maxUnitsPerShopper: promise });
});
afterEach(async () => {
  await fixture.redis.flushall();
  fixture.redis.disconnect();
});

/** `known`: this room gave the token out. `before`: in Postgres when the room began. */
type Origin = 'known' | 'forgotten' | 'before';
type Fate = 'lapsed' | 'unpaid' | 'paid' | 'over' | 'refunded';
type Order = { origin: Origin; fate: Fate; max: number; taken: number; extended: boolean };
type LateWord = 'unused' | 'bought' | 'refunded';
type Late = { isKnown: boolean; units: number; words: LateWord[] };
type Story = { orders: Order[]; lates: Late[] };

const someUnits = fc.integer({ min: 1, max: 3 });
const anyOrder: fc.Arbitrary<Order> = fc
  .record({
    origin: fc.constantFrom<Origin>('known', 'forgotten', 'before'),
    fate: fc.constantFrom<Fate>('lapsed', 'unpaid', 'paid', 'over', 'refunded'),
    max: someUnits,
    taken: someUnits,
    extended: fc.boolean(),
  })
  // A token that no room knows is settled by nobody.
  .filter(({ origin, fate }) => origin === 'known' || fate !== 'lapsed')
  .map((order) => ({ ...order, taken: Math.min(order.max, order.taken) }));
const histories: LateWord[][] = [
  [],
  ['unused'],
  ['bought'],
  ['unused', 'bought'],
  ['bought', 'refunded'],
  ['unused', 'unused', 'bought', 'refunded'],
];
const anyLate: fc.Arbitrary<Late> = fc.record({
  isKnown: fc.boolean(),
  units: someUnits,
  words: fc.constantFrom(...histories),
});
const anyStory: fc.Arbitrary<Story> = fc.record({
  orders: fc.array(anyOrder, { minLength: 1, maxLength: 5 }),
  lates: fc.array(anyLate, { maxLength: 3 }),
});

const isOver = ({ fate }: Order) => fate === 'over' || fate === 'refunded' || fate === 'lapsed';
const payBefore = 2_000_000_000_000;

/** What Postgres tells of an order, with ids that rise as there. */
function reportsOf(order: Order, i: number, nextId: () => number): SettleReport[] {
  const { fate, max, taken, origin } = order;
  const about = { jti: `jti-${i}`, visitor: visitors(9)[i] ?? '', number: i + 1, max, taken };
  if (fate === 'lapsed') return [report({ ...about, kind: 'lapsed', seq: 0, max: promise })];
  const spentId = origin === 'before' ? 1 + i : nextId();
  const one = (kind: SettleReport['kind'], more: Partial<SettleReport> = {}) =>
    report({ ...about, kind, seq: nextId(), payBefore, ...more });
  const after = { after: spentId };
  const spent = one('spent', { seq: spentId });
  const extended = order.extended ? [one('extended', { payBefore: payBefore + 1 })] : [];
  switch (fate) {
    case 'unpaid':
      return [spent, ...extended];
    case 'paid':
      return [spent, ...extended, one('ended', after)];
    case 'over':
      return [spent, ...extended, one('ended', { ...after, returned: taken })];
    case 'refunded':
      return [spent, one('ended', after), one('ended', { ...after, returned: taken })];
  }
}

function lateReports(late: Late, i: number, nextId: () => number): SettleReport[] {
  const about = { jti: `again:ord_${i}`, max: late.units, taken: late.units };
  let after = 0;
  return late.words.map((word) => {
    const seq = nextId();
    if (word === 'unused') return report({ ...about, kind: 'ended', seq, taken: 0 });
    if (word === 'refunded') {
      return report({ ...about, kind: 'ended', seq, returned: late.units, after });
    }
    after = seq;
    return report({ ...about, kind: 'bought', seq });
  });
}

function all(story: Story): SettleReport[] {
  let id = settledFrom;
  const nextId = () => {
    id += 1;
    return id;
  };
  return [
    ...story.orders.flatMap((order, i) => reportsOf(order, i, nextId)),
    ...story.lates.flatMap((late, i) => lateReports(late, i, nextId)),
  ];
}

/** A room with the tokens and promises that it should know, after a loss of all before. */
async function beginStory({ orders, lates }: Story): Promise<void> {
  await fixture.redis.flushall();
  const before = orders.map((order, i) => ({ ...order, jti: `jti-${i}` }));
  const counted = before.filter(({ origin }) => origin === 'before');
  const unpaid = counted.filter(({ fate }) => fate !== 'paid' && fate !== 'refunded');
  await fixture.begin({
    next: 1,
    settledFrom,
    free: units - counted.reduce((sum, { taken }) => sum + taken, 0),
    holding: unpaid.map(({ jti, taken }) => ({ jti, payBefore, units: taken })),
  });
  await fixture.room.join(saleId, visitors(orders.length).map(newcomer));
  await fixture.pass(13_000);
  await fixture.room.advance(saleId, 0);
  for (const [i, { origin }] of orders.entries()) {
    const visitor = visitors(9)[i] ?? '';
    if (origin === 'known') await fixture.room.take(saleId, visitor, 1, `jti-${i}`);
    else await fixture.room.leave(saleId, { visitor, number: i + 1, ordinal: 1 });
  }
  for (const [i, late] of lates.entries()) {
    if (late.isKnown) await fixture.room.promise(saleId, `again:ord_${i}`, late.units);
  }
}

function expected({ orders, lates }: Story) {
  const open = lates.filter((late) => late.isKnown && late.words.length === 0);
  const bought = lates.filter((late) => late.words.at(-1) === 'bought');
  const live = orders.filter((order) => !isOver(order));
  const sum = (list: { units: number }[]) => list.reduce((total, one) => total + one.units, 0);
  const unpaid = live.filter(({ fate }) => fate === 'unpaid');
  return {
    outstanding: live.reduce((total, { taken }) => total + taken, 0) + sum(open) + sum(bought),
    late: sum(open),
    holding: unpaid.map(({ extended }) => payBefore + (extended ? 1 : 0)).sort(),
    redeemed: orders.filter(({ origin, fate }) => origin !== 'before' && fate !== 'lapsed').length,
  };
}

async function found() {
  const key = (name: Parameters<typeof roomKey>[1]) => roomKey(saleId, name);
  const figures = await fixture.room.figures(saleId);
  const held = await fixture.redis.zrange(key('holding'), '0', '-1', 'WITHSCORES');
  return {
    outstanding: figures?.outstanding,
    late: Number(await fixture.redis.hget(key('room'), 'late')),
    holding: held
      .filter((_, i) => i % 2 === 1)
      .map(Number)
      .sort(),
    redeemed: figures?.redeemed,
  };
}

describe('reports about orders and late money', () => {
  it('come to the same in any order, any number of times', async () => {
    const told = anyStory.chain((story) => {
      const reports = all(story);
      const some = fc.array(fc.constantFrom(...reports), { maxLength: 8 });
      const shuffled = some.chain((again) => {
        const list = [...reports, ...again];
        return fc.shuffledSubarray(list, { minLength: list.length, maxLength: list.length });
      });
      return fc.record({ story: fc.constant(story), reports: shuffled, at: fc.nat(4) });
    });
    const property = fc.asyncProperty(told, async ({ story, reports, at }) => {
      await beginStory(story);
      await fixture.room.settle(saleId, reports.slice(0, at));
      await fixture.room.settle(saleId, reports.slice(at));
      expect(await found()).toEqual(expected(story));
    });
    await fc.assert(property, { numRuns: 300, seed: 1_215 });
  }, 60_000);
});
