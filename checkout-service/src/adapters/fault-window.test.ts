import { CircuitState } from 'cockatiel';
import { beforeEach, describe, expect, it } from 'vitest';
import { type FaultWindow, faultWindow } from './fault-window.ts';
import { policyFigures } from './provider-policy.ts';

let nowMs = 0;
let window: FaultWindow;
beforeEach(() => {
  nowMs = 0;
  window = faultWindow(policyFigures, () => nowMs);
});

/** One failed call; whether it opens the breaker. */
function fails(orderId: string): boolean {
  window.note(orderId, 'failed');
  return window.failure(CircuitState.Closed);
}
/** Failed calls of one order after the other, so many ms apart. */
const failing = (count: number, everyMs: number, orders = count) =>
  Array.from({ length: count }, (_, i) => {
    nowMs += everyMs;
    return fails(`ord_${i % orders}`);
  });
const answers = (count: number) => {
  for (let i = 0; i < count; i += 1) window.note('ord_x', 'answered');
};

describe('the calls of ten seconds', () => {
  it('open the breaker where few come, one every two seconds, and all of them fail', () => {
    expect(failing(5, 1_999)).toEqual([false, false, false, false, true]);
  });

  it('are forgotten by time alone: old faults open nothing', () => {
    failing(4, 1);
    nowMs += policyFigures.sampleMs;
    expect(fails('ord_later')).toBe(false);
    expect(failing(4, 2_600)).not.toContain(true);
  });

  it('and so are old answers: an outage after busy times is seen', () => {
    answers(1_000);
    nowMs += policyFigures.sampleMs;
    expect(failing(5, 10).at(-1)).toBe(true);
  });

  it('of one or two shoppers open nothing, however often they fail', () => {
    expect(failing(50, 10, 1)).not.toContain(true);
    expect(failing(50, 10, 2)).not.toContain(true);
    expect(fails('ord_third')).toBe(true);
  });

  it('open nothing where half of them went well', () => {
    answers(10);
    expect(failing(10, 10)).not.toContain(true);
    expect(fails('ord_more')).toBe(true);
  });

  it('are forgotten when the provider is back', () => {
    failing(5, 10);
    window.success(CircuitState.HalfOpen);
    expect(fails('ord_after')).toBe(false);
  });

  it('that try whether it is back open the breaker again when they fail', () => {
    expect(window.failure(CircuitState.HalfOpen)).toBe(true);
  });
});
