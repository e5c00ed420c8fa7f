import { describe, expect, it } from 'vitest';
import type { StoredRedemption } from '../domain/idempotency.ts';
import type { StoredOrder } from '../domain/order-view.ts';
import { sampleClaim } from '../testing/sample-claim.ts';
import { makeClaims } from './claims.ts';
import type { Claim, ClaimReply, ClaimRow, ClaimStore } from './ports.ts';
import { systemTimers } from './timers.ts';

const order = (of: Claim): StoredOrder => ({
  id: of.orderId,
  saleId: of.saleId,
  jti: of.jti,
  visitor: of.visitor,
  number: of.number,
  place: of.place,
  max: of.max,
  state: 'awaiting_payment',
  totalMinor: 0,
  currency: 'EUR',
  email: null,
  paidElsewhere: false,
  firstPayBeforeMs: 0,
  payBeforeMs: 0,
  extended: false,
  outageSeconds: 0,
  createdAtMs: 0,
  paidAtMs: null,
  failure: null,
  version: 1,
  lines: [],
});
const quiet = { info() {}, warn() {}, error() {} };

/** A store in memory whose statement may be made to fail before or after it has had its effect. */
function rig(
  fault: (
    batch: readonly Claim[],
    call: number,
  ) => 'fine' | 'refused' | 'locked' | 'failed' | 'raced' | 'lost' | 'lost-after',
) {
  const rows = new Map<string, Claim>();
  const sizes: number[] = [];
  const claims: ClaimStore = {
    async claim(batch): Promise<ClaimReply> {
      sizes.push(batch.length);
      const what = fault(batch, sizes.length);
      if (what !== 'fine' && what !== 'lost-after') return { kind: what, cause: 'made so' };
      const replies = new Map<string, ClaimRow>();
      for (const one of batch) {
        if (rows.has(one.jti)) replies.set(one.orderId, { kind: 'stored' });
        else {
          rows.set(one.jti, one);
          replies.set(one.orderId, { kind: 'created', order: order(one) });
        }
      }
      if (what === 'lost-after') return { kind: 'lost', cause: 'made so' };
      return { kind: 'done', rows: replies };
    },
    claimWaiting: async () => ({ kind: 'refused', cause: 'not used' }),
    async findStored(jtis) {
      const found = jtis.flatMap((jti): [string, StoredRedemption][] => {
        const row = rows.get(jti);
        if (!row) return [];
        const { orderId, idempotencyKey, requestHash } = row;
        return [
          [
            jti,
            {
              jti,
              kind: 'order',
              orderId,
              idempotencyKey,
              requestHash,
              createdAtMs: 0,
            },
          ],
        ];
      });
      return new Map(found);
    },
    findWritten: async () => null,
    isRevoked: async () => false,
    unfillable: async () => new Set(),
    useProof: async () => 'used',
  };
  const orders = {
    findMany: async (ids: readonly string[]) =>
      [...rows.values()].filter((row) => ids.includes(row.orderId)).map(order),
  };
  const cases = makeClaims({
    claims,
    orders,
    log: quiet,
    timers: systemTimers,
    secondPass: { msMax: 1, waitingMax: 1 },
  });
  return { rows, sizes, run: cases.claimBatch };
}
const kinds = (outcomes: { kind: string }[]) => outcomes.map((outcome) => outcome.kind);

describe('a batch of claims', () => {
  it('that Postgres refuses is halved until the bad one is found', async () => {
    const { run, sizes } = rig((batch) =>
      batch.some((one) => one.orderId === 'ord_3') ? 'refused' : 'fine',
    );
    const outcomes = await run(
      ['0', '1', '2', '3', '4', '5', '6', '7'].map((id) => sampleClaim(id)),
    );
    expect(kinds(outcomes)).toEqual([
      ...Array(3).fill('created'),
      'unavailable',
      ...Array(4).fill('created'),
    ]);
    expect(sizes).toEqual([8, 4, 2, 2, 1, 1, 4]);
  });

  it('that lost a race is tried again whole, and then halved like any other', async () => {
    const once = rig((_, call) => (call === 1 ? 'raced' : 'fine'));
    expect(kinds(await once.run(['a', 'b'].map((id) => sampleClaim(id))))).toEqual([
      'created',
      'created',
    ]);
    expect(once.sizes).toEqual([2, 2]);
    const ever = rig((batch) => (batch.some((one) => one.orderId === 'ord_a') ? 'raced' : 'fine'));
    expect(kinds(await ever.run(['a', 'b'].map((id) => sampleClaim(id))))).toEqual([
      'unavailable',
      'created',
    ]);
  });

  it('that Postgres could not do in time is not made many: it is unavailable, unspent', async () => {
    const { run, sizes, rows } = rig(() => 'failed');
    expect(kinds(await run(['a', 'b', 'c', 'd'].map((id) => sampleClaim(id))))).toEqual(
      Array(4).fill('unavailable'),
    );
    expect(sizes).toEqual([4]);
    expect(rows.size).toBe(0);
  });

  it('with a row that others keep locked is left to the second pass, each of it singly', async () => {
    const { run, sizes, rows } = rig(() => 'locked');
    expect(kinds(await run(['a', 'b', 'c'].map((id) => sampleClaim(id))))).toEqual(
      Array(3).fill('undecided'),
    );
    expect(sizes).toEqual([3]);
    expect(rows.size).toBe(0);
  });

  it('whose COMMIT answer was lost is found by our own order ids', async () => {
    const { run, sizes } = rig(() => 'lost-after');
    expect(kinds(await run([sampleClaim('a'), sampleClaim('b')]))).toEqual(['created', 'created']);
    expect(sizes).toEqual([2]);
  });

  it('that was lost before it had an effect is tried again, with the same order ids', async () => {
    const { run, rows } = rig((_, call) => (call === 1 ? 'lost' : 'fine'));
    expect(kinds(await run([sampleClaim('a'), sampleClaim('b')]))).toEqual(['created', 'created']);
    expect(rows.get('jti-a')?.orderId).toBe('ord_a');
  });

  it('that stays lost is unavailable, never sold out', async () => {
    const { run, sizes } = rig(() => 'lost');
    expect(kinds(await run([sampleClaim('a')]))).toEqual(['unavailable']);
    expect(sizes.length).toBe(3);
  });

  it('with a token that was spent before gets its stored row', async () => {
    const { run } = rig(() => 'fine');
    await run([sampleClaim('a')]);
    const [again] = await run([{ ...sampleClaim('a'), orderId: 'ord_other' }]);
    expect(again).toMatchObject({ kind: 'stored', redemption: { orderId: 'ord_a' } });
  });
});
