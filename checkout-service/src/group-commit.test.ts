import { describe, expect, it } from 'vitest';
import { limits } from './limits.ts';
import { type Answer, eventually, type Rig } from './testing/checkout-rig.ts';
import {
  firstUnits,
  holdBatches,
  rigsOfFile,
  statuses,
  times,
  underWay,
  waiting,
} from './testing/rigs.ts';

const rigOf = rigsOfFile();
const first = (rig: Rig) => rig.products[0] ?? '';

describe('batches of two instances', () => {
  it('after one last unit: one has it, the other hears sold-out', async () => {
    const rig = await rigOf({ units: [1], instances: 2 });
    for (let round = 0; round < 10; round += 1) {
      const tokens = await times(2, () => rig.token());
      const answers = await times(2, (i) => rig.redeem(tokens[i] ?? '', { instance: i }));
      expect(statuses(answers)).toEqual([201, 409]);
      expect(answers.find((answer) => answer.status === 409)?.body.type).toContain('sold-out');
      const { order, orderKey } = answers.find((answer) => answer.status === 201)?.body ?? {};
      await rig.call('POST', `/v1/orders/${order.id}/cancel`, { key: orderKey });
    }
  });

  it('hear no sold-out of a last unit whose sale is not committed yet', async () => {
    const rig = await rigOf({ units: [1], instances: 2 });
    const holder = await rig.sql.reserve();
    await holder`begin`;
    await holder`
      update units set state = 'held', order_id = 'ord_of_the_holder'
      where product_id = ${first(rig)}`;
    let answered = false;
    const answer = rig.redeem(await rig.token()).finally(() => {
      answered = true;
    });
    await eventually(async () => {
      const rows = await rig.sql`
        select from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock'`;
      return rows.length > 0;
    });
    expect(answered).toBe(false);
    await holder`commit`;
    holder.release();
    expect((await answer).body.type).toBe('urn:fairgate:problem:sold-out');
  });
});

describe('several products with several units each', () => {
  it('are claimed all or none', async () => {
    const rig = await rigOf({ units: [31, 20, 9], instances: 2 });
    const [a, b, c] = rig.products as [string, string, string];
    const items = [
      { productId: a, quantity: 3 },
      { productId: b, quantity: 2 },
      { productId: c, quantity: 1 },
    ];
    const tokens = await times(24, () => rig.token({ max: 6 }));
    const answers = await times(24, (i) => rig.redeem(tokens[i] ?? '', { instance: i % 2, items }));
    expect(statuses(answers)).toEqual([...Array(9).fill(201), ...Array(15).fill(409)]);
    expect(await rig.stock()).toEqual({
      [a]: { free: 4, held: 27, sold: 0 },
      [b]: { free: 2, held: 18, sold: 0 },
      [c]: { free: 0, held: 9, sold: 0 },
    });
    for (const { status, body } of answers) {
      if (status !== 201) continue;
      const lines = body.order.items.map((line: { units: string[] }) => line.units.length).sort();
      expect(lines).toEqual([1, 2, 3]);
    }
    const [counted] = await rig.sql`
      select count(*)::int as n, sum(units)::int as units from buyer_units
      where sale_id = ${rig.saleId}`;
    expect(counted).toEqual({ n: 9, units: 54 });
  });
});

describe('a redemption that waits', () => {
  it('is not claimed when its client has gone before its batch', async () => {
    const rig = await rigOf({ units: [10] });
    const letGo = await holdBatches(rig);
    const begun: Promise<Answer>[] = [];
    for (let lane = 1; lane <= limits.batchLanes; lane += 1) {
      begun.push(rig.redeem(await rig.token()));
      await eventually(async () => (await underWay(rig)) === lane);
    }
    const token = await rig.token();
    const client = new AbortController();
    const left = rig.services[0]?.fetch(
      new Request('http://checkout.test/v1/redemptions', {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ items: firstUnits(rig) }),
        signal: client.signal,
      }),
    );
    await eventually(async () => (await waiting(rig)) === 1);
    client.abort();
    await letGo();
    expect(statuses(await Promise.all(begun))).toEqual([201, 201]);
    expect((await left)?.status).toBe(503);
    expect(await rig.stock()).toEqual({ [first(rig)]: { free: 8, held: 2, sold: 0 } });
    expect((await rig.redeem(token)).status).toBe(201);
  });

  it('is refused early where too many wait: 503 with Retry-After, and nothing spent', async () => {
    const rig = await rigOf({ units: [5] });
    const count = limits.queueMax + limits.batchLanes * limits.batchSizeMax + 60;
    const tokens = await times(count, () => rig.token());
    const letGo = await holdBatches(rig);
    const refused: { token: string; answer: Answer }[] = [];
    const all = tokens.map(async (token) => {
      const answer = await rig.redeem(token);
      if (answer.body.detail?.startsWith('Too many')) refused.push({ token, answer });
      return answer;
    });
    // They are answered while every batch still hangs.
    await eventually(async () => refused.length > 0, 20);
    await letGo();
    const answers = await Promise.all(all);
    expect(await waiting(rig)).toBe(0);
    for (const { answer } of refused) {
      expect(answer.status).toBe(503);
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    }
    const bought = answers.filter((answer) => answer.status === 201).length;
    const [spent] = await rig.sql`
      select count(*)::int as n from redemptions where sale_id = ${rig.saleId}`;
    expect(spent?.n).toBe(bought);
    expect(await rig.stock()).toEqual({
      [first(rig)]: { free: 5 - bought, held: bought, sold: 0 },
    });
    const [one] = refused;
    const again = await rig.redeem(one?.token ?? '');
    expect([201, 409]).toContain(again.status);
  }, 60_000);
});

describe('an idempotency key', () => {
  it('whose first request is under way makes the others wait for the same answer', async () => {
    const rig = await rigOf({ units: [10], instances: 2 });
    const letGo = await holdBatches(rig);
    const token = await rig.token();
    const begun = rig.redeem(token, { key: 'k', instance: 0 });
    await eventually(async () => (await underWay(rig)) === 1);
    const others = [0, 1].map((instance) => rig.redeem(token, { key: 'k', instance }));
    await eventually(async () => (await underWay(rig, 1)) === 1);
    await letGo();
    const answers = await Promise.all([begun, ...others]);
    expect(statuses(answers)).toEqual([201, 201, 201]);
    expect(new Set(answers.map((answer) => JSON.stringify(answer.body))).size).toBe(1);
    const replayed = answers.filter((a) => a.headers.get('idempotent-replayed') === 'true');
    expect(replayed.length).toBe(2);
  });

  it('outlives the instance that answered first', async () => {
    const rig = await rigOf({ units: [10], instances: 3 });
    const token = await rig.token();
    const before = await rig.redeem(token, { key: 'k', instance: 0 });
    rig.services[0]?.stopping();
    await rig.services[0]?.close();
    for (const instance of [1, 2]) {
      const after = await rig.redeem(token, { key: 'k', instance });
      expect(after.status).toBe(201);
      expect(after.headers.get('idempotent-replayed')).toBe('true');
      expect(after.body).toEqual(before.body);
    }
  });

  it('counts for its token alone', async () => {
    const rig = await rigOf({ units: [10] });
    const tokens = await times(2, () => rig.token());
    const answers = await times(2, (i) => rig.redeem(tokens[i] ?? '', { key: 'same' }));
    expect(statuses(answers)).toEqual([201, 201]);
    expect(answers[0]?.body.order.id).not.toBe(answers[1]?.body.order.id);
  });

  it('of a redemption that was refused is free for another body', async () => {
    const rig = await rigOf({ units: [1, 1] });
    const tokens = await times(2, () => rig.token());
    const other = [{ productId: rig.products[1] ?? '', quantity: 1 }];
    expect((await rig.redeem(tokens[0] ?? '')).status).toBe(201);
    expect((await rig.redeem(tokens[1] ?? '', { key: 'k' })).status).toBe(409);
    expect((await rig.redeem(tokens[1] ?? '', { key: 'k', items: other })).status).toBe(201);
  });
});

describe('a deleted product', () => {
  it('is not sold to tokens that are still about', async () => {
    const rig = await rigOf({ units: [5, 5] });
    await rig.sql`update products set deleted_at = now() where id = ${first(rig)}`;
    const token = await rig.token();
    expect((await rig.redeem(token)).status).toBe(400);
    const other = [{ productId: rig.products[1] ?? '', quantity: 1 }];
    expect((await rig.redeem(token, { items: other })).status).toBe(201);
  });
});
