import { expect, it } from 'vitest';
import { oneAtATime } from './one-at-a-time.ts';

/** Work that ends when it is told to; with the keys of all that began. */
function slowWork() {
  const began: string[] = [];
  const ends: ((error?: Error) => void)[] = [];
  const work = (key: string) =>
    new Promise<void>((resolve, reject) => {
      began.push(key);
      ends.push((error) => (error === undefined ? resolve() : reject(error)));
    });
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  const pauses: number[] = [];
  const pause = async (ms: number) => void pauses.push(ms);
  return { began, ends, run: oneAtATime(work, pause), settled, pauses };
}

it('many who ask while it is under way share one time more, which begins after they asked', async () => {
  const { began, ends, run, settled, pauses } = slowWork();
  const first = run('a');
  const rest = Array.from({ length: 20 }, () => run('a'));
  const other = run('b');
  expect(began).toEqual(['a', 'b']);
  ends[0]?.();
  await first;
  await settled();
  expect(began).toEqual(['a', 'b', 'a']);
  ends[1]?.();
  ends[2]?.();
  await Promise.all([...rest, other]);
  // Who comes alone does not wait.
  void run('a');
  expect(began).toHaveLength(4);
  expect(pauses).toHaveLength(1);
});

it('a failure is told to those whose time it was, and the next one begins all the same', async () => {
  const { began, ends, run, settled } = slowWork();
  const first = run('a');
  const second = run('a');
  ends[0]?.(new Error('no'));
  await expect(first).rejects.toThrow('no');
  await settled();
  expect(began).toHaveLength(2);
  ends[1]?.();
  await second;
});
