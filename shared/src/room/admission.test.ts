import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { freshRedisUrl } from '../../../e2e/support/stores.ts';
import { newcomer } from './room.ts';
import { type RoomFixture, report, roomFixture, saleId, visitors } from './room-fixture.ts';

const redisUrl = await freshRedisUrl(afterAll);
let open: RoomFixture[] = [];

async function fresh(changes: Parameters<typeof roomFixture>[1] = {}): Promise<RoomFixture> {
  const fixture = await roomFixture(redisUrl, changes);
  open.push(fixture);
  return fixture;
}

beforeEach(async () => {
  for (const fixture of open) {
    await fixture.redis.flushall();
    fixture.redis.disconnect();
  }
  open = [];
});
afterAll(() => {
  for (const fixture of open) fixture.redis.disconnect();
});

async function statesOf(fixture: RoomFixture, names: string[]): Promise<string[]> {
  const questions = names.map((visitor, i) => ({ visitor, number: i + 1, ordinal: 1 }));
  return (await fixture.room.look(saleId, questions)).map((reply) => reply.state);
}

describe('admission', () => {
  it('lets places in in the order in which they joined, and by no other', async () => {
    const fixture = await fresh({ admitPerMinute: 60 });
    const names = visitors(12).reverse();
    for (const name of names) await fixture.room.join(saleId, [name].map(newcomer));
    for (let admitted = 1; admitted <= 12; admitted += 1) {
      await fixture.pass(1_000);
      await fixture.room.advance(saleId);
      const states = await statesOf(fixture, names);
      const expected = names.map((_, i) => (i < admitted ? 'admitted' : 'waiting'));
      expect(states).toEqual(expected);
    }
  });

  it('never passes the rate and a burst of one second, however often and late it is asked', async () => {
    const fixture = await fresh({ admitPerMinute: 600 });
    await fixture.room.join(saleId, visitors(500).map(newcomer));
    await fixture.pass(60_000);
    for (let i = 0; i < 5; i += 1) await fixture.room.advance(saleId, 0);
    expect((await fixture.room.figures(saleId))?.admittedTotal).toBe(10);
    for (let i = 0; i < 40; i += 1) {
      await fixture.pass(250);
      await fixture.room.advance(saleId, 0);
    }
    expect((await fixture.room.figures(saleId))?.admittedTotal).toBe(10 + 100);
  });

  it('never passes maxActive: tokens alive and unspent, and orders awaiting payment', async () => {
    const fixture = await fresh({ maxActive: 5, guaranteeStock: 0 });
    await fixture.room.join(saleId, visitors(30).map(newcomer));
    await fixture.pass(1_000);
    await fixture.room.advance(saleId);
    expect((await fixture.room.figures(saleId))?.active).toBe(5);
    const [first = ''] = visitors(1);
    await fixture.room.take(saleId, first, 1, 'jti-1');
    const spent = { seq: 1, jti: 'jti-1', visitor: first, number: 1, max: 1, taken: 1 };
    const payBefore = fixture.now() + 300_000;
    await fixture.room.settle(saleId, [{ ...spent, kind: 'spent', returned: 0, payBefore }]);
    await fixture.pass(1_000);
    await fixture.room.advance(saleId);
    expect(await fixture.room.figures(saleId)).toMatchObject({ active: 5, admittedTotal: 5 });
    await fixture.room.settle(saleId, [{ ...spent, kind: 'ended', returned: 0, payBefore }]);
    await fixture.pass(1_000);
    await fixture.room.advance(saleId);
    expect(await fixture.room.figures(saleId)).toMatchObject({ active: 5, admittedTotal: 6 });
  });

  it('never passes maxActive with those who were let in before Redis was emptied', async () => {
    const fixture = await fresh({ maxActive: 3 });
    await fixture.redis.flushall();
    const lost = { next: 10, outstanding: 2, outstandingActive: 2, outstandingMs: 610_000 };
    await fixture.begin(lost);
    await fixture.room.join(saleId, visitors(9).map(newcomer));
    const admittedTotal = async (ms: number) => {
      await fixture.pass(ms);
      await fixture.room.advance(saleId, 0);
      return (await fixture.room.figures(saleId))?.admittedTotal;
    };
    expect(await admittedTotal(12_000)).toBe(1);
    // A token of before is spent: its order counts now, and then no more.
    const old = report({ kind: 'spent', jti: 'old', visitor: 'old' });
    await fixture.room.settle(saleId, [old, old]);
    expect(await admittedTotal(1_000)).toBe(1);
    const over = report({ kind: 'ended', jti: 'old', visitor: 'old', seq: 2 });
    await fixture.room.settle(saleId, [over, old]);
    expect(await admittedTotal(1_000)).toBe(2);
    expect(await admittedTotal(1_000)).toBe(2);
    // The two who were let in have let it pass, and the rest of those before has died.
    await fixture.configure({ tokenSeconds: 3_600 });
    expect(await admittedTotal(610_000)).toBe(2 + 3);
  });

  it('lets nobody in before the start, while paused, or after the close', async () => {
    const fixture = await fresh({ phase: 'scheduled' });
    await fixture.configure({ startsAt: fixture.now() + 60_000 });
    await fixture.room.join(saleId, visitors(3).map(newcomer));
    await fixture.pass(59_000);
    expect(await fixture.room.advance(saleId)).toMatchObject({ state: 'lobby', waiting: 3 });
    await fixture.configure({ phase: 'paused' });
    await fixture.pass(2_000);
    expect(await fixture.room.advance(saleId)).toMatchObject({ state: 'paused', waiting: 3 });
    await fixture.configure({ phase: 'closed' });
    await fixture.pass(1_000);
    expect(await fixture.room.advance(saleId)).toMatchObject({ state: 'closed', waiting: 3 });
    await fixture.configure({ phase: 'scheduled' });
    await fixture.pass(1_000);
    expect(await fixture.room.advance(saleId)).toMatchObject({ state: 'open', waiting: 0 });
  });

  it('lets nobody in at a rate of 0, though nobody used up what was left of the one before', async () => {
    const fixture = await fresh({ admitPerMinute: 60 });
    await fixture.pass(1_000);
    await fixture.room.advance(saleId, 0);
    await fixture.configure({ admitPerMinute: 0 });
    await fixture.room.join(saleId, visitors(3).map(newcomer));
    await fixture.pass(1_000);
    expect(await fixture.room.advance(saleId, 0)).toMatchObject({ waiting: 3 });
  });

  it('costs once when many gateways advance within half a second', async () => {
    const fixture = await fresh({ admitPerMinute: 60 });
    await fixture.room.join(saleId, visitors(10).map(newcomer));
    await fixture.pass(1_000);
    const snapshots = await Promise.all(
      Array.from({ length: 50 }, () => fixture.room.advanceJson(saleId)),
    );
    expect(new Set(snapshots).size).toBe(1);
    expect((await fixture.room.figures(saleId))?.admittedTotal).toBe(1);
  });

  it('passes an absent head at once, and puts it back right behind the frontier', async () => {
    const fixture = await fresh({ admitPerMinute: 60, abandonSeconds: 8 });
    const names = visitors(6);
    await fixture.configure({ phase: 'paused' });
    await fixture.room.join(saleId, names.map(newcomer));
    const present = names.slice(3);
    for (let i = 0; i < 10; i += 1) {
      await fixture.pass(2_000);
      await fixture.room.look(
        saleId,
        present.map((visitor, at) => ({ visitor, number: at + 4, ordinal: 1 })),
      );
    }
    await fixture.configure({ phase: 'open' });
    await fixture.room.advance(saleId);
    const [fourth] = await fixture.room.look(saleId, [
      { visitor: present[0] ?? '', number: 4, ordinal: 1 },
    ]);
    expect(fourth?.state).toBe('admitted');
    const [back] = await fixture.room.look(saleId, [
      { visitor: names[0] ?? '', number: 1, ordinal: 1 },
    ]);
    expect(back).toMatchObject({ state: 'waiting', number: 1, score: 4.5 });
    await fixture.pass(1_000);
    await fixture.room.advance(saleId);
    const states = await statesOf(fixture, names.slice(0, 1));
    expect(states).toEqual(['admitted']);
  });

  it('abandons nobody when nobody could reach us', async () => {
    const fixture = await fresh({ abandonSeconds: 8, phase: 'paused' });
    await fixture.room.join(saleId, visitors(5).map(newcomer));
    await fixture.pass(600_000);
    await fixture.configure({ phase: 'open' });
    await fixture.room.advance(saleId);
    expect(await fixture.room.figures(saleId)).toMatchObject({ admittedTotal: 5, abandoned: 0 });
  });

  it('abandons nobody after an outage, whoever is heard of first', async () => {
    const fixture = await fresh({ abandonSeconds: 8, admitPerMinute: 60, phase: 'paused' });
    await fixture.room.join(saleId, visitors(5).map(newcomer));
    await fixture.pass(300_000);
    await fixture.room.join(saleId, ['late'].map(newcomer));
    await fixture.configure({ phase: 'open' });
    await fixture.room.advance(saleId);
    expect(await statesOf(fixture, visitors(2))).toEqual(['admitted', 'waiting']);
    expect(await fixture.room.figures(saleId)).toMatchObject({ admittedTotal: 1, abandoned: 0 });
  });
});
