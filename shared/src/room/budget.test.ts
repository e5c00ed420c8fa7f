import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freshRedisUrl } from '../../../e2e/support/stores.ts';
import { roomKey } from './keys.ts';
import { newcomer } from './room.ts';
import { type RoomFixture, report, roomFixture, saleId, visitors } from './room-fixture.ts';

const redisUrl = await freshRedisUrl(afterAll);
let fixture: RoomFixture;

beforeEach(async () => {
  fixture = await roomFixture(redisUrl, { units: 3 });
  await fixture.room.join(saleId, visitors(10).map(newcomer));
  await fixture.pass(1_000);
  await fixture.room.advance(saleId);
});
afterEach(async () => {
  await fixture.redis.flushall();
  fixture.redis.disconnect();
});

async function admittedTotal(): Promise<number | undefined> {
  await fixture.pass(1_000);
  await fixture.room.advance(saleId);
  return (await fixture.room.figures(saleId))?.admittedTotal;
}

const [first = '', second = ''] = visitors(2);

describe('the budget of units', () => {
  it('lets in no more than can buy', async () => {
    expect(await admittedTotal()).toBe(3);
  });

  it('promises the last units in part, so that nobody is let in to nothing', async () => {
    await fixture.redis.flushall();
    await fixture.begin({}, { units: 5, maxUnitsPerShopper: 2 });
    await fixture.room.join(saleId, visitors(10).map(newcomer));
    expect(await admittedTotal()).toBe(3);
    const looks = visitors(3).map((visitor, i) => ({ visitor, number: i + 1, ordinal: 1 }));
    const promises = (await fixture.room.look(saleId, looks)).map((reply) => reply.promise);
    expect(promises).toEqual([2, 2, 1]);
  });

  it('gives an admission that was not taken in time to the next in line', async () => {
    await fixture.pass(60_000);
    expect(await admittedTotal()).toBe(6);
    const [gone] = await fixture.room.look(saleId, [{ visitor: first, number: 1, ordinal: 1 }]);
    expect(gone?.state).toBe('expired');
  });

  it('keeps the promise of a taken token until a checkout has settled it', async () => {
    await fixture.room.take(saleId, first, 1, 'jti-1');
    await fixture.pass(61_000);
    expect(await admittedTotal()).toBe(5);
    expect(await fixture.room.due(saleId, 500, 10)).toEqual([
      { jti: 'jti-1', visitor: first, promise: 1, number: 1 },
    ]);
    await fixture.room.settle(saleId, [report({ kind: 'lapsed', jti: 'jti-1', visitor: first })]);
    await fixture.room.settle(saleId, [report({ kind: 'lapsed', jti: 'jti-1', visitor: first })]);
    expect(await admittedTotal()).toBe(6);
    expect(await fixture.room.due(saleId, 500, 10)).toEqual([]);
  });

  it('gives back the units of an order that ended unpaid, once, however often it is reported', async () => {
    await fixture.room.take(saleId, first, 1, 'jti-1');
    const spent = report({ kind: 'spent', jti: 'jti-1', visitor: first });
    const ended = report({ kind: 'ended', jti: 'jti-1', visitor: first, returned: 1, seq: 2 });
    await fixture.room.settle(saleId, [spent, spent]);
    expect(await admittedTotal()).toBe(3);
    await fixture.room.settle(saleId, [ended, spent, ended]);
    await fixture.room.settle(saleId, [ended]);
    expect(await admittedTotal()).toBe(4);
    expect(await fixture.room.figures(saleId)).toMatchObject({ redeemed: 1 });
    const [done] = await fixture.room.look(saleId, [{ visitor: first, number: 1, ordinal: 1 }]);
    expect(done?.state).toBe('done');
  });

  it('takes reports in any order to the same effect', async () => {
    await fixture.room.take(saleId, first, 1, 'jti-1');
    const ended = report({ kind: 'ended', jti: 'jti-1', visitor: first, returned: 1, seq: 2 });
    await fixture.room.settle(saleId, [ended]);
    await fixture.room.settle(saleId, [report({ kind: 'spent', jti: 'jti-1', visitor: first })]);
    const figures = await fixture.room.figures(saleId);
    expect(figures).toMatchObject({ redeemed: 1, active: 2, outstanding: 2 });
  });

  it('gives back what is left of a promise when fewer units were taken', async () => {
    await fixture.redis.flushall();
    await fixture.begin({}, { units: 4, maxUnitsPerShopper: 4 });
    await fixture.room.join(saleId, visitors(10).map(newcomer));
    expect(await admittedTotal()).toBe(1);
    await fixture.room.take(saleId, first, 1, 'jti-1');
    const spent = report({ kind: 'spent', jti: 'jti-1', visitor: first, max: 4, taken: 1 });
    await fixture.room.settle(saleId, [spent]);
    expect(await admittedTotal()).toBe(2);
    expect((await fixture.room.figures(saleId))?.outstanding).toBe(4);
  });

  it('lets more in when stock is added', async () => {
    await fixture.configure({ units: 5 });
    expect(await admittedTotal()).toBe(5);
  });

  it('gives back the admission of a shopper who leaves before taking the token', async () => {
    expect(await fixture.room.leave(saleId, { visitor: second, number: 2, ordinal: 1 })).toBe(
      'left',
    );
    expect(await fixture.room.leave(saleId, { visitor: second, number: 2, ordinal: 1 })).toBe(
      'kept',
    );
    expect(await admittedTotal()).toBe(4);
  });
});

describe('who leaves after taking the token and joins again', () => {
  const ticket = { visitor: first, number: 1, ordinal: 1 };
  const again = async () => (await fixture.room.join(saleId, [newcomer(first)]))[0];
  const stateOf = async (number: number, ordinal: number) =>
    (await fixture.room.look(saleId, [{ visitor: first, number, ordinal }]))[0];

  beforeEach(async () => {
    await fixture.redis.flushall();
    await fixture.begin({}, { units: 2, maxUnitsPerShopper: 1 });
    await fixture.room.join(saleId, [newcomer(first)]);
    await admittedTotal();
    await fixture.room.take(saleId, first, 1, 'jti-1');
    await fixture.room.leave(saleId, ticket);
    expect(await again()).toMatchObject({ outcome: 'joined', number: 2, ordinal: 1 });
  });

  it('is not admitted beside a token that is alive: it is settled first', async () => {
    expect(await admittedTotal()).toBe(1);
    const due = await fixture.room.due(saleId, 5_000, 10);
    expect(due).toEqual([{ jti: 'jti-1', visitor: first, promise: 1, number: 1 }]);
    await fixture.room.settle(saleId, [report({ kind: 'lapsed', jti: 'jti-1', visitor: first })]);
    expect(await admittedTotal()).toBe(2);
    expect(await stateOf(2, 1)).toMatchObject({ state: 'admitted', ordinal: 2, promise: 1 });
    expect((await fixture.room.take(saleId, first, 2, 'jti-2')).outcome).toBe('issued');
    expect((await fixture.room.figures(saleId))?.outstanding).toBe(1);
  });

  it('counts as active no longer than until it is settled', async () => {
    await fixture.room.leave(saleId, { visitor: first, number: 2, ordinal: 1 });
    await fixture.configure({ maxActive: 1 });
    await fixture.room.join(saleId, [newcomer(second)]);
    expect(await admittedTotal()).toBe(1);
    await fixture.room.settle(saleId, [report({ kind: 'lapsed', jti: 'jti-1', visitor: first })]);
    expect(await fixture.room.figures(saleId)).toMatchObject({ active: 0 });
    expect(await admittedTotal()).toBe(2);
  });

  it('has done with the sale where that token was spent after all', async () => {
    await fixture.room.settle(saleId, [report({ kind: 'spent', jti: 'jti-1', visitor: first })]);
    expect(await admittedTotal()).toBe(1);
    expect(await stateOf(2, 1)).toMatchObject({ state: 'done' });
    expect(await fixture.room.figures(saleId)).toMatchObject({ waiting: 0, outstanding: 1 });
  });

  it('gives all of the budget back, however often it is done', async () => {
    for (let turn = 1; turn <= 5; turn += 1) {
      const jti = `jti-${turn}`;
      await fixture.room.settle(saleId, [report({ kind: 'lapsed', jti, visitor: first })]);
      await admittedTotal();
      await fixture.room.take(saleId, first, turn + 1, `jti-${turn + 1}`);
      await fixture.room.leave(saleId, ticket);
      await again();
    }
    const [last] = await fixture.room.due(saleId, 5_000, 10);
    expect(last).toMatchObject({ jti: 'jti-6', promise: 1 });
    const lapse = { kind: 'lapsed' as const, jti: 'jti-6', visitor: first };
    await fixture.room.settle(saleId, [report({ ...lapse, max: last?.promise ?? 0 })]);
    expect((await fixture.room.figures(saleId))?.outstanding).toBe(0);
  });
});

it('whoever let the admission pass joins anew at once, and the budget is whole again', async () => {
  await fixture.pass(60_000);
  const [again] = await fixture.room.join(saleId, [newcomer(first)]);
  expect(again).toMatchObject({ outcome: 'joined', number: 11, ordinal: 2 });
  await fixture.configure({ phase: 'paused' });
  await fixture.pass(1_000);
  await fixture.room.advance(saleId);
  expect((await fixture.room.figures(saleId))?.outstanding).toBe(0);
});

it('a late word about an old token leaves the visitor’s later admission alone', async () => {
  await fixture.pass(60_000);
  await fixture.room.join(saleId, [newcomer(first)]);
  await fixture.configure({ units: 20 });
  await fixture.pass(1_000);
  await fixture.room.advance(saleId);
  await fixture.room.take(saleId, first, 2, 'jti-2');
  await fixture.room.settle(saleId, [report({ kind: 'lapsed', jti: 'jti-1', visitor: first })]);
  const [now] = await fixture.room.look(saleId, [{ visitor: first, number: 11, ordinal: 2 }]);
  expect(now?.state).toBe('issued');
});

it('other products chosen before anybody was admitted are counted by what of them is free', async () => {
  await fixture.redis.flushall();
  await fixture.begin({}, { units: 3, phase: 'paused' });
  await fixture.begin({ free: 1 }, { units: 3, phase: 'open' });
  await fixture.room.join(saleId, visitors(5).map(newcomer));
  expect(await admittedTotal()).toBe(1);
});

describe('after Redis was emptied', () => {
  it('counts what was promised before as promised until those tokens have died', async () => {
    await fixture.room.take(saleId, first, 1, 'jti-1');
    await fixture.redis.flushall();
    const start = { next: 10_010, outstanding: 2, outstandingMs: 72_000, free: 3 };
    await fixture.begin(start);
    await fixture.pass(12_000);
    await fixture.room.join(saleId, visitors(5, 'w').map(newcomer));
    expect(await admittedTotal()).toBe(1);
    // A token of before is spent now: its unit is counted once, whatever `outstanding` gives back.
    await fixture.room.settle(saleId, [report({ kind: 'spent', jti: 'jti-1', visitor: first })]);
    await fixture.pass(60_000);
    // The newcomer's admission and all of `outstanding` come back; three units less the spent one.
    expect(await admittedTotal()).toBe(1 + 2);
    const [done] = await fixture.room.look(saleId, [{ visitor: first, number: 1, ordinal: 1 }]);
    expect(done?.state).toBe('done');
  });

  it('counts an order that was extended after the loss no second time', async () => {
    await fixture.redis.flushall();
    await fixture.begin({ next: 10_010, free: 2 });
    const later = fixture.now() + 900_000;
    const extended = report({ kind: 'extended', jti: 'jti-1', visitor: first, payBefore: later });
    await fixture.room.settle(saleId, [extended]);
    expect(await fixture.room.figures(saleId)).toMatchObject({ outstanding: 1, active: 1 });
    const ended = report({ kind: 'ended', jti: 'jti-1', visitor: first, returned: 1, seq: 2 });
    await fixture.room.settle(saleId, [ended, extended]);
    expect(await fixture.room.figures(saleId)).toMatchObject({ outstanding: 0, active: 0 });
  });

  it('puts returning tickets back under their old numbers, ahead of who came since', async () => {
    await fixture.redis.flushall();
    await fixture.begin({ next: 10_010, frontier: 3 }, { phase: 'paused' });
    await fixture.room.join(saleId, ['newcomer'].map(newcomer));
    const old = visitors(10).slice(5);
    const questions = old.map((visitor, i) => ({ visitor, number: i + 6, ordinal: 1 }));
    const looks = await fixture.room.look(saleId, questions.reverse());
    expect(looks.map((reply) => reply.number)).toEqual([10, 9, 8, 7, 6]);
    const order = await fixture.redis.zrange(roomKey(saleId, 'line'), '0', '-1');
    expect(order).toEqual([...old, 'newcomer']);
  });
  it('admits nobody until those near the front are back, whoever polls first', async () => {
    await fixture.redis.flushall();
    await fixture.begin({ next: 10_010, frontier: 0, free: 2 });
    const back = (number: number) => ({
      visitor: visitors(10)[number - 1] ?? '',
      number,
      ordinal: 1,
    });
    await fixture.room.look(saleId, [back(9)]);
    expect(await admittedTotal()).toBe(0);
    await fixture.pass(8_000);
    await fixture.room.join(saleId, [back(2), back(1)]);
    await fixture.pass(3_000);
    expect(await admittedTotal()).toBe(2);
    const looks = await fixture.room.look(saleId, [back(1), back(2), back(9)]);
    expect(looks.map((reply) => reply.state)).toEqual(['admitted', 'admitted', 'waiting']);
  });

  it('gives nothing back twice for an order of before, in whatever order the reports come', async () => {
    await fixture.redis.flushall();
    await fixture.begin({ next: 10_010, free: 2 });
    const spent = report({ kind: 'spent', jti: 'jti-1', visitor: first, seq: 0 });
    const ended = report({ kind: 'ended', jti: 'jti-1', visitor: first, returned: 1, seq: 0 });
    await fixture.room.settle(saleId, [ended, spent, ended]);
    const returned = async () => await fixture.redis.hget(roomKey(saleId, 'room'), 'returned');
    expect(await returned()).toBe('1');
    await fixture.room.settle(saleId, [spent, ended, ended]);
    expect(await returned()).toBe('1');
  });
});
