import { describe, expect, it } from 'vitest';
import { sampleClaim } from '../testing/sample-claim.ts';
import { stillTimers } from '../testing/still-timers.ts';
import type { Claim, ClaimReply } from './ports.ts';
import { makeSecondPass } from './second-pass.ts';

const settled = async () => {
  for (let i = 0; i < 10; i += 1) await new Promise((resolve) => setImmediate(resolve));
};
const done = (of: Claim, kind: 'limited' | 'short' | 'stored'): ClaimReply => ({
  kind: 'done',
  rows: new Map([[of.orderId, kind === 'limited' ? { kind, by: 'visitor' as const } : { kind }]]),
});

/** A store whose tries are answered by hand; "limited" stands for whatever is an answer. */
function rig(soldOut = new Set<string>()) {
  const timers = stillTimers();
  const tries: { claim: Claim; reply(reply: ClaimReply): void }[] = [];
  const pass = makeSecondPass({
    claims: {
      claimWaiting: (one) => new Promise((resolve) => tries.push({ claim: one, reply: resolve })),
      unfillable: async (claims) =>
        new Set(claims.map((one) => one.orderId).filter((id) => soldOut.has(id))),
    },
    log: { info() {}, warn() {}, error() {} },
    timers,
    msMax: 4_000,
    waitingMax: 3,
    lookUp: async () => ({ kind: 'unavailable', why: 'lost' }),
  });
  const reply = async (as: (of: Claim) => ClaimReply) => {
    const last = tries.at(-1);
    if (last) last.reply(as(last.claim));
    await settled();
    timers.pass(10);
    await settled();
  };
  const tried = () => tries.map((one) => one.claim.orderId.slice(4));
  return { timers, pass, reply, tried };
}
const locked = (): ClaimReply => ({ kind: 'locked', cause: 'made so' });

describe('the second pass', () => {
  it('tries one at a time, and whoever finds rows locked stands behind the others again', async () => {
    const { pass, reply, tried } = rig();
    const answers = [pass.wait(sampleClaim('a')), pass.wait(sampleClaim('b'))];
    await settled();
    expect(tried()).toEqual(['a']);
    await reply(locked);
    await reply((of) => done(of, 'limited'));
    await reply((of) => done(of, 'limited'));
    expect(tried()).toEqual(['a', 'b', 'a']);
    expect(await Promise.all(answers)).toEqual(Array(2).fill({ kind: 'limited', by: 'visitor' }));
  });

  it('of one product whose rows stay locked keeps no other product waiting', async () => {
    const { pass, reply, tried } = rig();
    void pass.wait(sampleClaim('a1', 'locked'));
    void pass.wait(sampleClaim('a2', 'locked'));
    const other = pass.wait(sampleClaim('b', 'other'));
    await settled();
    await reply(locked);
    expect(tried()).toEqual(['a1', 'b']);
    await reply((of) => done(of, 'limited'));
    expect((await other).kind).toBe('limited');
    expect(tried()).toEqual(['a1', 'b', 'a2']);
  });

  it('says sold out of the whole line as soon as it is true', async () => {
    const soldOut = new Set<string>();
    const { pass, reply, tried } = rig(soldOut);
    const answers = ['a', 'b', 'c'].map((id) => pass.wait(sampleClaim(id)));
    await settled();
    for (const id of ['a', 'b', 'c']) soldOut.add(`ord_${id}`);
    await reply((of) => done(of, 'short'));
    expect(await Promise.all(answers)).toEqual(Array(3).fill({ kind: 'sold-out' }));
    expect(tried()).toEqual(['a']);
    expect(pass.waiting()).toBe(0);
  });

  it('gives up in time, and what is being tried only when it is known to be unspent', async () => {
    const { timers, pass, reply, tried } = rig();
    const first = pass.wait(sampleClaim('a'));
    const second = pass.wait(sampleClaim('b'));
    const late = { kind: 'unavailable', why: 'locked' };
    await settled();
    timers.pass(4_000);
    expect(await second).toEqual(late);
    expect(pass.waiting()).toBe(1);
    await reply(locked);
    expect(await first).toEqual(late);
    const third = pass.wait(sampleClaim('c'));
    await settled();
    timers.pass(4_000);
    await reply((of) => done(of, 'limited'));
    expect((await third).kind).toBe('limited');
    expect(tried()).toEqual(['a', 'c']);
  });

  it('claims nothing for a client that has gone', async () => {
    const { pass, reply, tried } = rig();
    const client = new AbortController();
    void pass.wait(sampleClaim('a'));
    const gone = pass.wait(sampleClaim('b'), client.signal);
    await settled();
    client.abort();
    expect(await gone).toEqual({ kind: 'gone' });
    expect(await pass.wait(sampleClaim('c'), client.signal)).toEqual({ kind: 'gone' });
    await reply((of) => done(of, 'limited'));
    expect(tried()).toEqual(['a']);
  });

  it('lets in no more than may wait', async () => {
    const { pass } = rig();
    for (const id of ['a', 'b', 'c']) void pass.wait(sampleClaim(id));
    expect(await pass.wait(sampleClaim('d'))).toEqual({ kind: 'overloaded' });
    expect(pass.waiting()).toBe(3);
  });

  it('does not try again what is refused for good, and looks up what is spent or lost', async () => {
    const { pass, reply, tried } = rig();
    const refused = pass.wait(sampleClaim('a'));
    await settled();
    await reply(() => ({ kind: 'refused', cause: 'poisoned' }));
    expect(await refused).toEqual({ kind: 'unavailable', why: 'refused' });
    for (const answer of [
      (of: Claim) => done(of, 'stored'),
      (): ClaimReply => ({ kind: 'lost', cause: 'x' }),
    ]) {
      const lookedUp = pass.wait(sampleClaim('b'));
      await settled();
      await reply(answer);
      expect(await lookedUp).toEqual({ kind: 'unavailable', why: 'lost' });
    }
    expect(tried()).toEqual(['a', 'b', 'b']);
  });
});
