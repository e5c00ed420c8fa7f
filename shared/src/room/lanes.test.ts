import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freshRedisUrl } from '../../../e2e/support/stores.ts';
import { type JoinQuestion, newcomer } from './room.ts';
import { type RoomFixture, roomFixture, saleId, visitors } from './room-fixture.ts';
import { aheadOf } from './snapshot.ts';

const redisUrl = await freshRedisUrl(afterAll);
let fixture: RoomFixture;
beforeEach(async () => {
  fixture = await roomFixture(redisUrl, { admitPerMinute: 60 });
});
afterEach(async () => {
  await fixture.redis.flushall();
  fixture.redis.disconnect();
});

const withPass = (visitor: string, pass = `pass-${visitor}`): JoinQuestion => ({
  ...newcomer(visitor),
  pass,
});
const join = async (...joiners: JoinQuestion[]) => await fixture.room.join(saleId, joiners);

/** Who is let in by each of the next seconds, by their visitors' names. */
async function admissions(seconds: number, names: string[]): Promise<string[]> {
  const order: string[] = [];
  for (let second = 0; second < seconds; second += 1) {
    await fixture.pass(1_000);
    await fixture.room.advance(saleId, 0);
    const questions = names.map((visitor) => ({ ...newcomer(visitor), number: 1 }));
    const replies = await fixture.room.look(saleId, questions);
    const admitted = names.filter((_, i) => replies[i]?.state === 'admitted');
    order.push(...admitted.filter((name) => !order.includes(name)));
  }
  return order;
}

describe('the share between lanes', () => {
  const main = visitors(8, 'm');
  const priority = visitors(4, 'p');

  it('is kept while both wait, each lane in its own order, and the other has the rest', async () => {
    await fixture.configure({ priorityShare: 0.5 });
    await join(...main.map(newcomer));
    await join(...priority.map((visitor) => withPass(visitor)));
    const order = await admissions(12, [...main, ...priority]);
    expect(order.filter((name) => main.includes(name))).toEqual(main);
    expect(order.filter((name) => priority.includes(name))).toEqual(priority);
    const early = order.slice(0, 8).filter((name) => priority.includes(name));
    expect(early).toHaveLength(4);
    expect(order).toHaveLength(12);
  });

  it.each([
    [1, 4],
    [0, 0],
    [0.25, 2],
  ])('of %d lets %d of the priority lane in among the first eight', async (share, among) => {
    await fixture.configure({ priorityShare: share });
    await join(...main.map(newcomer));
    await join(...priority.map((visitor) => withPass(visitor)));
    const order = await admissions(8, [...main, ...priority]);
    expect(order.filter((name) => priority.includes(name))).toHaveLength(among);
    expect(order).toHaveLength(8);
  });

  it('is kept by large steps too', async () => {
    await fixture.configure({ priorityShare: 0.3, admitPerMinute: 600_000 });
    await join(...visitors(1_000, 'm').map(newcomer));
    await join(...visitors(1_000, 'p').map((visitor) => withPass(visitor)));
    await fixture.configure({ maxActive: 500 });
    await fixture.pass(1_000);
    const snapshot = await fixture.room.advance(saleId, 0);
    expect(snapshot?.lanes.main.positions.waiting).toBe(1_000 - 350);
    expect(snapshot?.lanes.priority.positions.waiting).toBe(1_000 - 150);
  });
});

describe('a pass', () => {
  it('is spent by who enters the priority lane with it, and by nobody else', async () => {
    const [first] = await join(withPass('a', 'one'));
    expect(first).toMatchObject({ outcome: 'joined', lane: 'priority', number: 1 });
    const [again, other] = await join(withPass('a', 'one'), withPass('b', 'one'));
    expect(again).toMatchObject({ outcome: 'kept', lane: 'priority', number: 1 });
    expect(other).toMatchObject({ outcome: 'pass-spent', number: 0 });
    const [plain] = await join(newcomer('b'));
    expect(plain).toMatchObject({ outcome: 'joined', lane: 'main', number: 2 });
  });

  it('is spent once, however many try it at the same time', async () => {
    const tries = visitors(200).map((visitor) => join(withPass(visitor, 'one')));
    const outcomes = (await Promise.all(tries)).flat().map((reply) => reply.outcome);
    expect(outcomes.filter((outcome) => outcome === 'joined')).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome === 'pass-spent')).toHaveLength(199);
  });

  it('moves who waited in the main lane to the end of the other one', async () => {
    await join(newcomer('a'), withPass('b'));
    const [moved] = await join({ visitor: 'a', number: 1, ordinal: 1, pass: 'pass-a' });
    expect(moved).toMatchObject({ outcome: 'joined', lane: 'priority', number: 3 });
    const snapshot = await fixture.room.advance(saleId, 0);
    expect(snapshot?.lanes.main.positions.waiting).toBe(0);
    expect(aheadOf(snapshot!.lanes.priority.positions, 3)).toBe(1);
    expect(snapshot?.waiting).toBe(2);
  });

  it('is not spent where nobody may join, nor by who is let in already', async () => {
    await fixture.configure({ phase: 'closed' });
    expect((await join(withPass('a', 'one')))[0]?.outcome).toBe('sale-not-open');
    await fixture.configure({ phase: 'open' });
    await join(newcomer('b'));
    await fixture.pass(1_000);
    await fixture.room.advance(saleId, 0);
    expect((await join(withPass('b', 'one')))[0]).toMatchObject({ outcome: 'kept', lane: 'main' });
    expect((await join(withPass('a', 'one')))[0]).toMatchObject({ outcome: 'joined' });
  });

  it('stays spent, and the place in its lane, when Redis was emptied', async () => {
    await join(withPass('a', 'one'), newcomer('b'));
    await fixture.redis.flushall();
    await fixture.begin({ next: 10_000, passes: [['one', 'a']] });
    expect((await join(withPass('c', 'one')))[0]?.outcome).toBe('pass-spent');
    const ticket = { visitor: 'a', number: 1, ordinal: 1, lane: 'priority' as const };
    expect((await fixture.room.look(saleId, [ticket]))[0]).toMatchObject({
      state: 'waiting',
      lane: 'priority',
      number: 1,
      isOwn: true,
    });
  });

  it('gives a lane that stays through admission, leaving and coming back', async () => {
    await join(withPass('a'));
    await fixture.pass(1_000);
    await fixture.room.advance(saleId, 0);
    const ticket = { visitor: 'a', number: 1, ordinal: 1, lane: 'priority' as const };
    const [admitted] = await fixture.room.look(saleId, [ticket]);
    expect(admitted).toMatchObject({ state: 'admitted', lane: 'priority' });
    await fixture.room.leave(saleId, ticket);
    expect((await fixture.room.look(saleId, [ticket]))[0]).toMatchObject({
      state: 'left',
      lane: 'priority',
    });
    // A new place is one of the main lane: the pass was for the other.
    expect((await join(newcomer('a')))[0]).toMatchObject({ outcome: 'joined', lane: 'main' });
  });
});

describe('a place that its person moves to another device', () => {
  it('has the key of the new device, or none where that has none', async () => {
    const person = newcomer('person');
    await join({ ...person, jkt: 'key-of-the-first-device', moves: true });
    await fixture.pass(1_000);
    await fixture.room.advance(saleId, 0);
    const take = async (jkt?: string) =>
      (await fixture.room.take(saleId, 'person', 1, 'jti-1', jkt)).outcome;
    const ticket = { ...person, number: 1 };
    await join({ ...ticket, jkt: 'key-of-the-second-device', moves: true });
    expect(await take('key-of-the-first-device')).toBe('other-key');
    expect((await join({ ...ticket, jkt: 'key-of-a-thief' }))[0]?.outcome).toBe('other-key');
    await join({ ...ticket, moves: true });
    expect(await take()).toBe('issued');
  });
});

describe('places of one address', () => {
  const at = (visitor: string, address: string): JoinQuestion => ({
    ...newcomer(visitor),
    address,
  });

  it('are as many as the sale allows at a time', async () => {
    await fixture.configure({ placesPerAddress: 2 });
    const outcomes = (await join(at('a', 'x'), at('b', 'x'), at('c', 'x'), at('d', 'y'))).map(
      (reply) => reply.outcome,
    );
    expect(outcomes).toEqual(['joined', 'joined', 'too-many-places', 'joined']);
    expect((await join(at('a', 'x')))[0]?.outcome).toBe('kept');
    await fixture.room.leave(saleId, { visitor: 'a', number: 1, ordinal: 1 });
    expect((await join(at('c', 'x')))[0]?.outcome).toBe('joined');
    expect((await join(at('a', 'x')))[0]?.outcome).toBe('too-many-places');
    expect((await fixture.room.figures(saleId))?.placesPerAddressMost).toBe(2);
  });

  it('are counted again when Redis was emptied, and given free when an admission expires', async () => {
    await fixture.configure({ placesPerAddress: 1 });
    await join(at('a', 'x'));
    await fixture.redis.flushall();
    await fixture.begin({ next: 10_000 });
    await join({ ...at('a', 'x'), number: 1 });
    expect((await join(at('b', 'x')))[0]?.outcome).toBe('too-many-places');
    await fixture.pass(12_000);
    await fixture.room.advance(saleId, 0);
    await fixture.pass(60_000);
    await fixture.room.advance(saleId, 0);
    expect((await join(at('b', 'x')))[0]?.outcome).toBe('joined');
  });

  it('do not keep a place from moving into the priority lane', async () => {
    await fixture.configure({ placesPerAddress: 0 });
    const at = (visitor: string) => ({ ...newcomer(visitor), address: 'here' });
    const own = { visitor: 'a', number: 1, ordinal: 1 };
    await join(at('a'));
    await fixture.configure({ placesPerAddress: 1 });
    await join(at('b'));
    expect((await join({ ...own, pass: 'pass-a', address: 'here' }))[0]).toMatchObject({
      outcome: 'joined',
      lane: 'priority',
    });
    expect((await fixture.room.figures(saleId))?.waiting).toBe(2);
  });

  it('are given free, whether or not there is a limit when they end', async () => {
    await fixture.configure({ placesPerAddress: 1 });
    const at = (visitor: string) => ({ ...newcomer(visitor), address: 'here' });
    await join(at('a'));
    await fixture.configure({ placesPerAddress: 0 });
    await fixture.room.leave(saleId, { visitor: 'a', number: 1, ordinal: 1 });
    await fixture.configure({ placesPerAddress: 1 });
    expect((await join(at('b')))[0]?.outcome).toBe('joined');
  });

  it('are not counted where the sale has no limit', async () => {
    const replies = await join(...visitors(20).map((visitor) => at(visitor, 'x')));
    expect(replies.every((reply) => reply.outcome === 'joined')).toBe(true);
  });
});
