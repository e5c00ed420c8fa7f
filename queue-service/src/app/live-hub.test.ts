import { Problem } from '@fairgate/shared/problem.ts';
import { expect, it, vi } from 'vitest';
import type { LiveRoom } from './live.ts';
import { liveHub } from './live-hub.ts';

/** A hub whose seconds pass when they are told to; figures are counted as they are read. */
function hubOf(failure: () => Error | null = () => null) {
  let now = 1_000_000;
  let reads = 0;
  let tick: () => void = () => {};
  const hub = liveHub({
    async read() {
      reads += 1;
      const error = failure();
      if (error !== null) throw error;
      return { waiting: reads } as LiveRoom;
    },
    clock: { now: () => now },
    pause: (ms) =>
      new Promise<void>((resolve) => {
        tick = () => {
          now += ms;
          resolve();
        };
      }),
  });
  const second = async () => {
    const before = reads;
    tick();
    await vi.waitFor(() => expect(reads).toBeGreaterThan(before));
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { hub, second, reads: () => reads, now: () => now };
}

const waitingIn = (event: { data: string } | null) => JSON.parse(event?.data ?? 'null')?.waiting;

it('any number of watchers cost one reading a second', async () => {
  const { hub, second, reads } = hubOf();
  const all = await Promise.all(Array.from({ length: 500 }, () => hub.watch('sale_1')));
  expect(reads()).toBe(1);
  await second();
  const events = await Promise.all(all.map(({ watcher }) => watcher.next()));
  expect(new Set(events.map((event) => event?.data)).size).toBe(1);
  expect(reads()).toBe(2);
  for (const { watcher } of all) watcher.stop();
});

it('who is slow gets the newest figures, and none is kept for them', async () => {
  const { hub, second } = hubOf();
  const { watcher } = await hub.watch('sale_1');
  for (let i = 0; i < 5; i += 1) await second();
  expect(waitingIn(await watcher.next())).toBe(6);
  watcher.stop();
  expect(await watcher.next()).toBeNull();
});

it('nothing is read once nobody watches, and it begins again for the next one', async () => {
  const { hub, second, reads } = hubOf();
  const { watcher } = await hub.watch('sale_1');
  watcher.stop();
  await second();
  const before = reads();
  const { first, watcher: next } = await hub.watch('sale_1');
  expect(waitingIn(first)).toBe(before + 1);
  await second();
  expect(waitingIn(await next.next())).toBe(before + 2);
  next.stop();
});

it('while the room is away the last figures are told as stale, and a sale that is gone ends it', async () => {
  let failure: Error | null = null;
  const { hub, second } = hubOf(() => failure);
  const { watcher } = await hub.watch('sale_1');
  failure = new Problem('unavailable', 'away');
  await second();
  expect(JSON.parse((await watcher.next())?.data ?? '')).toMatchObject({ waiting: 1, stale: true });
  failure = null;
  await second();
  expect(JSON.parse((await watcher.next())?.data ?? '')).not.toHaveProperty('stale');
  failure = new Problem('not-found', 'gone');
  await second();
  expect(await watcher.next()).toBeNull();
});

it('a sale that cannot be read is not watched', async () => {
  const { hub } = hubOf(() => new Problem('not-found', 'gone'));
  await expect(hub.watch('sale_1')).rejects.toThrow('gone');
  await expect(hub.watch('sale_1')).rejects.toThrow('gone');
});
