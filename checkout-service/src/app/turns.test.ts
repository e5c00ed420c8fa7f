import { expect, it } from 'vitest';
import { stillTimers } from '../testing/still-timers.ts';
import { makeTurns } from './turns.ts';

const settled = () => new Promise((resolve) => setImmediate(resolve));

function rig(waitingMax = 2) {
  const timers = stillTimers();
  const turns = makeTurns({ waitingMax, waitMsMax: 1_000, timers });
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const run = (key: string, name: string) =>
    turns(key, async () => {
      begun.push(name);
      await new Promise<void>((resolve) => ends.set(name, resolve));
      return name;
    });
  return { timers, begun, run, end: (name: string) => ends.get(name)?.() };
}

it('one key has one at a time, in their order, and other keys do not wait', async () => {
  const { begun, run, end } = rig();
  const all = [run('k', 'first'), run('k', 'second'), run('k', 'third'), run('other', 'beside')];
  await settled();
  expect(begun).toEqual(['first', 'beside']);
  for (const name of ['first', 'second', 'third', 'beside']) {
    end(name);
    await settled();
  }
  expect(begun).toEqual(['first', 'beside', 'second', 'third']);
  expect(await Promise.all(all)).toMatchObject(Array(4).fill({ kind: 'done' }));
});

it('no more wait for one key than are allowed, and none longer', async () => {
  const { timers, begun, run, end } = rig();
  const all = ['first', 'second', 'third', 'fourth'].map((name) => run('k', name));
  expect(await all[3]).toEqual({ kind: 'crowded' });
  timers.pass(1_000);
  expect(await Promise.all(all.slice(1))).toEqual(Array(3).fill({ kind: 'crowded' }));
  end('first');
  expect(await all[0]).toEqual({ kind: 'done', value: 'first' });
  expect(begun).toEqual(['first']);
  const again = run('k', 'again');
  await settled();
  end('again');
  expect(await again).toEqual({ kind: 'done', value: 'again' });
});

it('work that fails lets the next one in', async () => {
  const turns = makeTurns({ waitingMax: 1, waitMsMax: 1_000, timers: stillTimers() });
  const fails = turns('k', () => Promise.reject(new Error('made so')));
  const next = turns('k', async () => 'next');
  await expect(fails).rejects.toThrow('made so');
  expect(await next).toEqual({ kind: 'done', value: 'next' });
});
