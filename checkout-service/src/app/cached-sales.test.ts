import { expect, it } from 'vitest';
import { stillTimers } from '../testing/still-timers.ts';
import { cachedSales } from './cached-sales.ts';
import type { SaleOffer } from './ports.ts';

const settled = () => new Promise((resolve) => setImmediate(resolve));
const offer = (name: string): SaleOffer => ({
  id: 'sale',
  name,
  currency: 'EUR',
  maxUnitsPerShopper: 1,
  unitsPerEmail: null,
  isDeleted: false,
  appearance: null,
  products: [],
});

/** A store whose questions are answered by hand. */
function rig() {
  const timers = stillTimers();
  const asked: { answer(offer: SaleOffer | null): void; fail(): void }[] = [];
  const store = {
    isOffered: async () => false,
    findSale: () =>
      new Promise<SaleOffer | null>((resolve, reject) => {
        asked.push({ answer: resolve, fail: () => reject(new Error('away')) });
      }),
  };
  const limits = { freshMs: 1_000, staleMs: 30_000, patienceMs: 200 };
  const cached = cachedSales(store, { ...limits, timers });
  return { timers, asked, find: () => cached.findSale('sale') };
}

it('one question serves all that ask within its time', async () => {
  const { timers, asked, find } = rig();
  const all = [find(), find(), find()];
  asked[0]?.answer(offer('first'));
  expect((await Promise.all(all)).map((it) => it?.name)).toEqual(Array(3).fill('first'));
  timers.pass(999);
  expect((await find())?.name).toBe('first');
  expect(asked.length).toBe(1);
  timers.pass(1);
  const newer = find();
  asked[1]?.answer(offer('second'));
  expect((await newer)?.name).toBe('second');
});

it('a store that hangs holds nobody up who has an answer that is not too old', async () => {
  const { timers, asked, find } = rig();
  const first = find();
  asked[0]?.answer(offer('first'));
  await first;
  timers.pass(1_000);
  const waits = find();
  timers.pass(200);
  expect((await waits)?.name).toBe('first');
  expect((await find())?.name).toBe('first');
  expect(asked.length).toBe(2);
  timers.pass(30_000);
  const tooOld = find();
  asked[1]?.answer(offer('second'));
  expect((await tooOld)?.name).toBe('second');
});

it('a failure is not kept, and serves the last answer while there is one', async () => {
  const { timers, asked, find } = rig();
  const none = find();
  asked[0]?.fail();
  await expect(none).rejects.toThrow('away');
  const first = find();
  asked[1]?.answer(offer('first'));
  await first;
  timers.pass(1_000);
  const second = find();
  asked[2]?.fail();
  expect((await second)?.name).toBe('first');
  await settled();
  const third = find();
  asked[3]?.answer(offer('third'));
  expect((await third)?.name).toBe('third');
});
