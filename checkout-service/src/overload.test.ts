import { describe, expect, it } from 'vitest';
import { limits } from './limits.ts';
import { type Answer, eventually } from './testing/checkout-rig.ts';
import {
  figure,
  fillLanes,
  heldTransaction,
  rigsOfFile,
  slugOf,
  tally,
  times,
  waiting,
} from './testing/rigs.ts';

const rigOf = rigsOfFile();
const isTooMany = (answer: Answer) => answer.body.detail?.startsWith('Too many') === true;

describe('overload', () => {
  it('by copies of one token takes no place of others', async () => {
    const rig = await rigOf({ units: [80] });
    const letGo = await fillLanes(rig);
    const token = await rig.token();
    const copies = times(limits.queueMax, () => rig.redeem(token, { key: 'k' }));
    const others = await times(50, () => rig.token());
    const served = times(50, (i) => rig.redeem(others[i] ?? ''));
    await eventually(async () => (await waiting(rig)) === 51);
    await letGo();
    expect(tally(await served)).toEqual({ '201': 50 });
    // Those that wait get the first one's answer, the rest is told to ask again.
    expect(tally(await copies)).toEqual({
      '201': limits.sameTokenMax + 1,
      '409 conflict': limits.queueMax - limits.sameTokenMax - 1,
    });
    const told = (await copies).find((answer) => slugOf(answer) === 'conflict');
    expect(Number(told?.headers.get('retry-after'))).toBeGreaterThan(0);
    const orders = (await copies).filter((answer) => answer.status === 201);
    expect(new Set(orders.map((answer) => answer.body.order.id)).size).toBe(1);
  });

  it('in front of the queue is refused early too: nothing waits without bound', async () => {
    const rig = await rigOf({ units: [5] });
    const count = limits.redemptionsUnderWayMax + 50;
    const tokens = await times(count, () => rig.token());
    const holder = await heldTransaction(rig);
    await holder.sql`lock table sales in access exclusive mode`;
    const refused: Answer[] = [];
    const all = times(count, async (i) => {
      const answer = await rig.redeem(tokens[i] ?? '');
      if (isTooMany(answer)) refused.push(answer);
      return answer;
    });
    // Answered while what they all need still hangs.
    await eventually(async () => refused.length >= 50);
    await holder.end();
    const answers = await all;
    expect(refused.every((answer) => answer.headers.get('retry-after') !== null)).toBe(true);
    expect(answers.filter((answer) => answer.status === 201).length).toBeLessThanOrEqual(5);
    const redeemed = await figure(rig, 'fairgate_redemptions_total{outcome="overloaded"}');
    expect(redeemed).toBe(refused.length);
  }, 60_000);

  it('and faults are counted: what a store does not answer is an outcome', async () => {
    const rig = await rigOf({ units: [5] });
    await rig.sql`alter table sales rename to sales_away`;
    const answer = await rig.redeem(await rig.token());
    await rig.sql`alter table sales_away rename to sales`;
    expect([answer.status, slugOf(answer)]).toEqual([503, 'unavailable']);
    expect(await figure(rig, 'fairgate_redemptions_total{outcome="unavailable"}')).toBe(1);
    expect((await rig.redeem(await rig.token())).status).toBe(201);
  });
});

describe('the group commit', () => {
  it('takes what waits in one batch, no larger than its bounds, and shows it in figures', async () => {
    const rig = await rigOf({ units: [3_000], room: { maxUnitsPerShopper: 100 } });
    const letGo = await fillLanes(rig);
    const small = await times(limits.batchSizeMax + 20, () => rig.token());
    const large = await times(20, () => rig.token({ max: 100 }));
    const answers = [
      ...small.map((token) => rig.redeem(token)),
      ...large.map((token) =>
        rig.redeem(token, { items: [{ productId: rig.products[0] ?? '', quantity: 100 }] }),
      ),
    ];
    await eventually(async () => (await waiting(rig)) === answers.length);
    await letGo();
    expect(tally(await Promise.all(answers))).toEqual({ '201': answers.length });
    const claimed = limits.batchLanes + answers.length;
    expect(await figure(rig, 'fairgate_claim_batch_size_sum')).toBe(claimed);
    const batches = await figure(rig, 'fairgate_claim_batch_size_count');
    // 2,020 units and 122 claims do not fit into two batches more, and need not many.
    expect(batches - limits.batchLanes).toBeGreaterThanOrEqual(3);
    expect(batches - limits.batchLanes).toBeLessThanOrEqual(6);
    expect(await figure(rig, 'fairgate_claim_batch_size_bucket{le="100"}')).toBe(batches);
    expect(await figure(rig, 'fairgate_claim_seconds_count')).toBe(batches);
    expect(await figure(rig, 'fairgate_claim_wait_seconds_count')).toBe(claimed);
  });

  it('has no two claims of one limited buyer under way at once, which would fail a batch', async () => {
    const rig = await rigOf({ units: [20] });
    const letGo = await fillLanes(rig);
    const tokens = await times(3, (i) => rig.token({ sub: i < 2 ? 'the same' : 'another' }));
    const answers = times(3, (i) => rig.redeem(tokens[i] ?? ''));
    await eventually(async () => (await waiting(rig)) === 3);
    await letGo();
    expect(tally(await answers)).toEqual({ '201': 2, '422 quantity-exceeded': 1 });
    expect(await figure(rig, 'fairgate_claim_batch_size_count')).toBe(limits.batchLanes + 2);
  });
});
