import { describe, expect, it } from 'vitest';
import type { RedeemOutcome } from './redeem.ts';
import { RoomAway, RoomRefused } from './room-away.ts';
import { makeTimeBack } from './time-back.ts';

/** A room that answers as it is told, and a clock that is moved by hand. */
function rig(troublesMax = 10) {
  const state = { now: 10_000, answer: (): 'given' | 'kept' | 'no-room' => 'given' };
  const calls: [string, number][] = [];
  const timeBack = makeTimeBack({
    room: {
      async fault(_saleId, _visitor, jti, ms) {
        calls.push([jti, ms]);
        return { outcome: state.answer() };
      },
    },
    metrics: { timeBack() {} },
    bounds: { quietMs: 6_000, lastMomentMs: 2_500, slowMs: 300, extraMs: 30_000 },
    troublesMax,
    callsMax: 2,
    now: () => state.now,
  });
  const redeem = (jti: string, outcome: RedeemOutcome, tookMs = 100) =>
    timeBack.during(claims(jti), async () => {
      state.now += tookMs;
      return outcome;
    });
  return { state, calls, timeBack, redeem };
}
const claims = (jti: string) => ({
  iss: 'fairgate',
  aud: 'fairgate-checkout',
  sub: `visitor of ${jti}`,
  jti,
  sale: 'sale_1',
  number: 1,
  max: 1,
  iat: 0,
  nbf: 0,
  exp: 130,
});
const fault: RedeemOutcome = { kind: 'unavailable', why: 'store' };

describe('time given back by the checkout', () => {
  it('is asked for after a 503, for as long as it went on, and once', async () => {
    const { state, calls, timeBack, redeem } = rig();
    await redeem('a', fault);
    state.now += 2_000;
    await redeem('a', fault);
    await timeBack.round();
    expect(calls).toEqual([]);
    state.now += 6_000;
    await timeBack.round();
    expect(calls).toEqual([['a', 38_200]]);
    await redeem('a', fault);
    state.now += 6_000;
    await timeBack.round();
    expect(calls).toHaveLength(1);
  });

  it('is nothing to a redemption that came to a right end, nor where the client went away', async () => {
    const { state, calls, timeBack, redeem } = rig();
    await redeem('sold-out', { kind: 'sold-out' });
    await redeem('gone', { kind: 'gone' });
    await redeem('under-way', { kind: 'under-way' });
    await redeem('spent', fault);
    await redeem('spent', { kind: 'already-redeemed', orderId: 'ord_1' });
    state.now += 10_000;
    await timeBack.round();
    expect(calls).toEqual([]);
  });

  it('is asked for before the token dies under a redemption that takes long', async () => {
    const { state, calls, timeBack } = rig();
    state.now = 128_000;
    let answer: (outcome: RedeemOutcome) => void = () => {};
    const asked = timeBack.during(claims('a'), () => new Promise((resolve) => (answer = resolve)));
    await timeBack.round();
    expect(calls).toEqual([]);
    state.now += 400;
    await timeBack.round();
    expect(calls).toEqual([['a', 30_400]]);
    answer(fault);
    expect(await asked).toEqual(fault);
  });

  it('costs one call in a round while the room is away, and is asked for when it is back', async () => {
    const { state, calls, timeBack, redeem } = rig();
    for (const jti of ['a', 'b', 'c']) await redeem(jti, fault);
    state.now += 6_000;
    state.answer = () => {
      throw new RoomAway('away');
    };
    await expect(timeBack.round()).rejects.toThrow('away');
    expect(calls).toHaveLength(1);
    state.answer = () => 'given';
    expect(await timeBack.round()).toBe('again');
    expect(await timeBack.round()).toBe('done');
    expect(calls.slice(1).map(([jti]) => jti)).toEqual(['a', 'b', 'c']);
  });

  it('of a room that refuses keeps no other sale’s shoppers', async () => {
    const { state, calls, timeBack, redeem } = rig();
    await redeem('a', fault);
    await redeem('b', fault);
    state.now += 6_000;
    state.answer = () => {
      if (calls.length === 1) throw new RoomRefused('broken');
      return 'given';
    };
    await expect(timeBack.round()).rejects.toThrow('broken');
    expect(calls.map(([jti]) => jti)).toEqual(['a', 'b']);
    expect(await timeBack.round()).toBe('done');
    expect(calls).toHaveLength(2);
  });

  it('remembers no more tokens than it may, and serves the others all the same', async () => {
    const { state, calls, timeBack, redeem } = rig(1);
    await redeem('a', fault);
    expect(await redeem('b', fault)).toEqual(fault);
    state.now += 6_000;
    await timeBack.round();
    expect(calls.map(([jti]) => jti)).toEqual(['a']);
  });
});
