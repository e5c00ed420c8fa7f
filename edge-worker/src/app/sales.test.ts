import { expect, test } from 'vitest';
import { snapshotJson } from '../../../e2e/support/snapshots.ts';
import type { NearList } from './near-lists.ts';
import type { CatalogueAnswer } from './ports.ts';
import { publicSales } from './sales.ts';

const away: CatalogueAnswer = { kind: 'unavailable', cause: 'not in this test' };

function given(...saleIds: string[]): CatalogueAnswer & { kind: 'answered' } {
  const snapshots = saleIds.map((saleId) => snapshotJson({ saleId }));
  return { kind: 'answered', snapshots, nextCursor: null };
}

function heldNear(saleId: string, atMs: number): NearList {
  return { atMs, snapshots: given(saleId).snapshots, nextCursor: null };
}

/** An isolate at a time that the test sets, with a room and a cache near by that answer as it says. */
function isolate(options: { random?: number; put?: () => Promise<void> } = {}) {
  const { random = 0, put = async () => undefined } = options;
  const state = {
    now: 1_000_000,
    asked: 0,
    room: away,
    near: null as NearList | null,
    kept: [] as Promise<void>[],
    /** Resolves what `hold` has the room wait for. */
    letGo: () => {},
  };
  let waits: Promise<void> = Promise.resolve();
  const hold = () => {
    waits = new Promise((resolve) => {
      state.letGo = resolve;
    });
  };
  const sales = publicSales({
    gateways: {
      async catalogue() {
        state.asked += 1;
        await waits;
        return state.room;
      },
    },
    snapshots: { find: () => ({ kind: 'unknown' }) },
    near: {
      get: async () => state.near,
      async put(_limit, _cursor, list) {
        state.near = list;
        await put();
      },
    },
    clock: { now: () => state.now },
    random: () => random,
  });
  /** The ids on the page, or what else came of it. */
  const listed = async () => {
    const outcome = await sales.list(null, 20, (task) => void state.kept.push(task));
    if (outcome.kind !== 'sales') return outcome.kind;
    return outcome.list.items.map(({ id }) => id).join(' ');
  };
  return { state, hold, listed };
}

test('a page that is held near by is shown, to the age that it has there', async () => {
  const { state, listed } = isolate();
  state.near = heldNear('sale_near', state.now - 600);
  state.room = given('sale_room');
  expect(await listed()).toBe('sale_near');
  state.now += 99;
  expect(await listed()).toBe('sale_near');
  expect(state.asked).toBe(0);
  state.now += 1;
  expect(await listed()).toBe('sale_room');
  expect(state.near).toMatchObject({ atMs: state.now });
});

test.each([
  ['as old as an isolate asks anew', -700, 'sale_room'],
  ['a little younger', -699, 'sale_near'],
  ['dated ahead as clocks differ', 200, 'sale_near'],
  ['dated further ahead', 201, 'sale_room'],
])('of near what is %s (%i ms) gives %s', async (_what, offMs, shown) => {
  const { state, listed } = isolate();
  state.near = heldNear('sale_near', state.now + offMs);
  state.room = given('sale_room');
  expect(await listed()).toBe(shown);
});

test('one request fetches the next page, while the others go on with the last one, to a bound', async () => {
  const { state, hold, listed } = isolate();
  state.room = given('sale_1');
  await listed();
  state.now += 700;
  state.room = given('sale_2');
  hold();
  const next = listed();
  for (let i = 0; i < 10; i += 1) expect(await listed()).toBe('sale_1');
  expect(state.asked).toBe(2);
  // The one that fetches may have died.
  state.now += 501;
  const late = listed();
  state.letGo();
  expect(await Promise.all([next, late])).toEqual(['sale_2', 'sale_2']);
  expect(state.asked).toBe(3);
});

test('isolates that share a page fetch the next one at times of their own', async () => {
  const [early, late] = [isolate({ random: 0.99 }), isolate()];
  for (const { state, listed } of [early, late]) {
    state.near = heldNear('sale_near', state.now);
    state.room = given('sale_room');
    await listed();
    state.now += 600;
  }
  expect(await early.listed()).toBe('sale_room');
  expect(await late.listed()).toBe('sale_near');
});

test('with the room away the last page is shown, and the room is asked twice a second', async () => {
  const { state, listed } = isolate();
  expect(await listed()).toBe('unavailable');
  state.room = given('sale_1');
  expect(await listed()).toBe('sale_1');
  state.room = away;
  state.asked = 0;
  for (let i = 0; i < 100; i += 1) {
    state.now += 100;
    expect(await listed()).toBe('sale_1');
  }
  expect(state.asked).toBeGreaterThan(10);
  expect(state.asked).toBeLessThanOrEqual(20);
  state.room = given('sale_2');
  state.now += 500;
  expect(await listed()).toBe('sale_2');
});

test('nobody waits for a page to be put near by, which is kept going after the answer', async () => {
  let done = () => {};
  const put = () => new Promise<void>((resolve) => (done = resolve));
  const { state, listed } = isolate({ put });
  state.room = given('sale_1');
  expect(await listed()).toBe('sale_1');
  expect(state.kept).toHaveLength(1);
  done();
  await Promise.all(state.kept);
});
