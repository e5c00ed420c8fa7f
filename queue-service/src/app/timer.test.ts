import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { startTimer } from './timer.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const log = { info: vi.fn(), warn: vi.fn(), error: vi.fn() };

it('a timer never runs its work twice at once, and ends with the pass under way', async () => {
  let running = 0;
  let most = 0;
  let passes = 0;
  const work = async () => {
    running += 1;
    most = Math.max(most, running);
    await vi.advanceTimersByTimeAsync(0);
    await new Promise((resolve) => setTimeout(resolve, 250));
    running -= 1;
    passes += 1;
  };
  const timer = startTimer('test', 100, work, log);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(most).toBe(1);
  const stopped = timer.stop();
  await vi.advanceTimersByTimeAsync(1_000);
  await stopped;
  const ended = passes;
  await vi.advanceTimersByTimeAsync(5_000);
  expect([passes, running]).toEqual([ended, 0]);
});

it('a failure is logged when it begins and when it is over', async () => {
  let failing = true;
  const work = async () => {
    if (failing) throw new Error('away');
  };
  const timer = startTimer('test', 100, work, log);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(log.warn).toHaveBeenCalledTimes(1);
  failing = false;
  await vi.advanceTimersByTimeAsync(1_000);
  expect(log.info).toHaveBeenCalledTimes(1);
  await timer.stop();
});

it('a stop waits for 1.5 s and no longer when a pass does not end, as a lost query does not', async () => {
  const timer = startTimer('test', 100, () => new Promise<never>(() => {}), log);
  await vi.advanceTimersByTimeAsync(100);
  const stopped = vi.fn();
  void timer.stop().then(stopped);
  await vi.advanceTimersByTimeAsync(1_400);
  expect(stopped).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(200);
  expect(stopped).toHaveBeenCalledTimes(1);
  expect(log.warn).toHaveBeenCalledWith(
    expect.objectContaining({ timer: 'test' }),
    'a pass was left at the stop',
  );
});
