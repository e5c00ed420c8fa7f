import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freshRedisUrl } from '../../../e2e/support/stores.ts';
import { parseRecord } from '../log/record.ts';
import { newcomer, type Revocation } from './room.ts';
import { type RoomFixture, roomFixture, saleId, visitors } from './room-fixture.ts';

const redisUrl = await freshRedisUrl(afterAll);
let fixture: RoomFixture;
beforeEach(async () => {
  fixture = await roomFixture(redisUrl, { admitPerMinute: 60, units: 100 });
});
afterEach(async () => {
  await fixture.redis.flushall();
  fixture.redis.disconnect();
});

const revoke = (...list: Revocation[]) => fixture.configure({ revocations: JSON.stringify(list) });
const ticket = (visitor: string, number: number, ordinal = 1) => ({ visitor, number, ordinal });
const states = async (names: string[]) =>
  (
    await fixture.room.look(
      saleId,
      names.map((name, i) => ticket(name, i + 1)),
    )
  ).map((reply) => reply.state);
async function advance(ms = 1_000) {
  await fixture.pass(ms);
  return await fixture.room.advance(saleId, 0);
}

describe('a range of numbers', () => {
  it('is taken out of the line, and its tickets are worth nothing', async () => {
    const names = visitors(10);
    await fixture.configure({ phase: 'paused' });
    await fixture.room.join(saleId, names.map(newcomer));
    await revoke({ id: 'r1', from: 3, to: 5 });
    const snapshot = await advance();
    expect(snapshot).toMatchObject({ waiting: 7, revoked: [[3, 5]] });
    expect(await states(names)).toEqual(
      names.map((_, i) => (i >= 2 && i <= 4 ? 'revoked' : 'waiting')),
    );
    const [again] = await fixture.room.join(saleId, [ticket('v000004', 4)]);
    expect(again?.outcome).toBe('revoked');
    expect(await fixture.room.leave(saleId, ticket('v000004', 4))).toBe('revoked');
    const [anew] = await fixture.room.join(saleId, [newcomer('v000004')]);
    expect(anew).toMatchObject({ outcome: 'joined', number: 11 });
    expect((await fixture.room.look(saleId, [ticket('v000004', 11)]))[0]?.state).toBe('waiting');
  });

  it('is taken out by one look, however many stand in it', async () => {
    await fixture.configure({ phase: 'paused' });
    for (const group of ['a', 'b', 'c']) {
      await fixture.room.join(saleId, visitors(1_000, group).map(newcomer));
    }
    await revoke({ id: 'r1', from: 1, to: 2_500 });
    expect((await advance())?.waiting).toBe(500);
  });

  it('lets its people begin again at the end at once, before any of them was taken out', async () => {
    await fixture.configure({ phase: 'paused' });
    await fixture.room.join(saleId, visitors(3).map(newcomer));
    await revoke({ id: 'r1', from: 1, to: 2 });
    const replies = await fixture.room.join(saleId, visitors(4).map(newcomer));
    expect(replies.map(({ outcome, number }) => [outcome, number])).toEqual([
      ['joined', 4],
      ['joined', 5],
      ['kept', 3],
      ['joined', 6],
    ]);
    expect(await advance()).toMatchObject({ waiting: 4 });
  });

  it('is never let in, however large it is and however soon their turn', async () => {
    const names = visitors(3_000);
    await fixture.configure({ phase: 'paused' });
    for (let i = 0; i < names.length; i += 1_000) {
      await fixture.room.join(saleId, names.slice(i, i + 1_000).map(newcomer));
    }
    await revoke({ id: 'r1', from: 1, to: 2_990 });
    await fixture.configure({ phase: 'open', admitPerMinute: 600 });
    for (let i = 0; i < 6; i += 1) await advance();
    expect(await fixture.room.figures(saleId)).toMatchObject({ admittedTotal: 10, waiting: 0 });
  });

  it('ends admissions, and what they could have bought goes to the next in line', async () => {
    const names = visitors(4);
    await fixture.configure({ units: 2 });
    await fixture.room.join(saleId, names.map(newcomer));
    await advance();
    await advance();
    await fixture.room.take(saleId, names[1]!, 1, 'jti-2');
    expect(await states(names)).toEqual(['admitted', 'issued', 'waiting', 'waiting']);
    await revoke({ id: 'r1', from: 1, to: 2 });
    expect((await fixture.room.take(saleId, names[0]!, 1, 'jti-1')).outcome).toBe('revoked');
    await advance();
    expect(await states(names)).toEqual(['revoked', 'revoked', 'admitted', 'waiting']);
    // The token that was taken may have been spent: a checkout says so, at once.
    const [due] = await fixture.room.due(saleId, 0, 10);
    expect(due).toMatchObject({ jti: 'jti-2', number: 2 });
  });

  it('goes by numbers, and not by where somebody stands who was passed over and came back', async () => {
    const [spared = '', meant = '', ...others] = visitors(8);
    const lookAll = (first: number, names: string[]) =>
      fixture.room.look(
        saleId,
        names.map((name, i) => ticket(name, first + i)),
      );
    await fixture.configure({ phase: 'paused', abandonSeconds: 20 });
    await fixture.room.join(saleId, visitors(8).map(newcomer));
    for (let second = 0; second < 40; second += 1) {
      await advance();
      await lookAll(3, others);
    }
    await fixture.configure({ phase: 'open' });
    for (let i = 0; i < 3; i += 1) await advance();
    const scores = (await lookAll(1, [spared, meant])).map((reply) => reply.score);
    expect(scores).toEqual([5.5, 5.5]);
    await fixture.configure({ phase: 'paused' });
    await revoke({ id: 'r1', from: 2, to: 7 });
    expect((await advance())?.waiting).toBe(2);
    const stand = await lookAll(1, visitors(8));
    expect(stand.map(({ state }) => state === 'waiting')).toEqual(
      visitors(8).map((_, i) => i === 0 || i === 7),
    );
    expect(stand.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    const { records } = await fixture.room.log(saleId, 0, 1_000);
    const revoked = records.map((raw) => parseRecord(raw).line).filter((l) => l.kind === 'revoked');
    expect(revoked.map((line) => line.number).sort()).toEqual([2, 3, 4, 5, 6, 7]);
  });

  it('acts once: who joins later, or again, is not concerned', async () => {
    const names = visitors(2);
    await fixture.configure({ phase: 'paused' });
    await fixture.room.join(saleId, names.map(newcomer));
    await revoke({ id: 'r1', from: 1, to: 2 });
    await advance();
    await fixture.room.join(saleId, names.map(newcomer));
    await revoke({ id: 'r1', from: 1, to: 2 });
    await advance();
    expect((await fixture.room.figures(saleId))?.waiting).toBe(2);
  });

  it('holds when Redis was emptied', async () => {
    const list = JSON.stringify([{ id: 'r1', from: 1, to: 2 }]);
    await fixture.room.join(saleId, visitors(3).map(newcomer));
    await fixture.redis.flushall();
    await fixture.begin({ next: 10_000 }, { revocations: list });
    expect(await states(visitors(3))).toEqual(['revoked', 'revoked', 'waiting']);
  });
});

describe('one visitor', () => {
  it('loses the place that they have, and may join again behind all others', async () => {
    const names = visitors(3);
    await fixture.configure({ phase: 'paused' });
    await fixture.room.join(saleId, names.map(newcomer));
    await revoke({ id: 'r1', visitor: names[0]!, to: 3 });
    expect(await states(names)).toEqual(['revoked', 'waiting', 'waiting']);
    expect((await advance())?.waiting).toBe(2);
    expect((await fixture.room.join(saleId, [ticket(names[0]!, 1)]))[0]?.outcome).toBe('revoked');
    const [anew] = await fixture.room.join(saleId, [newcomer(names[0]!)]);
    expect(anew).toMatchObject({ outcome: 'joined', number: 4 });
  });

  it('who was let in has another admission, with another jti, after joining again', async () => {
    await fixture.room.join(saleId, [newcomer('a')]);
    await advance();
    await fixture.room.take(saleId, 'a', 1, 'jti-1');
    await revoke({ id: 'r1', visitor: 'a', to: 1 });
    expect((await fixture.room.take(saleId, 'a', 1, 'jti-1')).outcome).toBe('revoked');
    const lapsed = { kind: 'lapsed', seq: 1, jti: 'jti-1', visitor: 'a', number: 1 } as const;
    const none = { max: 1, taken: 0, returned: 0, payBefore: 0 };
    await fixture.room.settle(saleId, [{ ...lapsed, ...none }]);
    const [anew] = await fixture.room.join(saleId, [newcomer('a')]);
    expect(anew).toMatchObject({ outcome: 'joined', number: 2, ordinal: 2 });
  });

  it('who bought has bought', async () => {
    await fixture.room.join(saleId, [newcomer('a')]);
    await advance();
    await fixture.room.take(saleId, 'a', 1, 'jti-1');
    const spent = { kind: 'spent', seq: 1, jti: 'jti-1', visitor: 'a', number: 1 } as const;
    const payBefore = fixture.now() + 60_000;
    await fixture.room.settle(saleId, [{ ...spent, max: 1, taken: 1, returned: 0, payBefore }]);
    await revoke({ id: 'r1', visitor: 'a', to: 1 }, { id: 'r2', from: 1, to: 1 });
    expect(await states(['a'])).toEqual(['done']);
    expect((await fixture.room.join(saleId, [ticket('a', 1)]))[0]).toMatchObject({
      outcome: 'kept',
      state: 'done',
    });
  });
});
