import { describe, expect, it } from 'vitest';
import { limits } from './limits.ts';
import { eventually, type Rig } from './testing/checkout-rig.ts';
import {
  figure,
  fillLanes,
  firstUnits,
  heldTransaction,
  rigsOfFile,
  statuses,
  tally,
  times,
  waiting,
} from './testing/rigs.ts';

const rigOf = rigsOfFile();

/** Makes each row that a claim writes into a table take a while, so that batches really meet. */
async function slowRows(rig: Rig, table: 'redemptions' | 'buyer_units'): Promise<void> {
  await rig.sql.unsafe(`
    create or replace function dawdle() returns trigger language plpgsql as $$
    begin perform pg_sleep(0.001); return new; end $$;
    drop trigger if exists dawdle on redemptions;
    drop trigger if exists dawdle on buyer_units;
    create trigger dawdle before insert on ${table} for each row execute function dawdle()`);
  // Sooner than the time-out of a lock, which would hide it.
  await rig.sql`
    do $$ begin execute format('alter database %I set deadlock_timeout = ''20ms''',
      current_database()); end $$`;
}
const deadlocks = (rig: Rig) => rig.faults.filter((fault) => fault.code === '40P01');

/** One batch on each of two instances, at the same time. */
async function twoBatches(rig: Rig, tokens: [string[], string[]], items = firstUnits(rig)) {
  const letGo = await fillLanes(rig);
  const all = tokens.map((some, instance) =>
    Promise.all(some.map((token) => rig.redeem(token, { instance, key: 'k', items }))),
  );
  for (const [instance, some] of tokens.entries()) {
    await eventually(async () => (await waiting(rig, instance)) === some.length);
  }
  await letGo();
  return (await Promise.all(all)).flat();
}

describe('batches of two instances in opposite orders do not deadlock', () => {
  it('over the same tokens', async () => {
    const rig = await rigOf({ units: [100], instances: 2 });
    await slowRows(rig, 'redemptions');
    const tokens = await times(60, () => rig.token());
    const answers = await twoBatches(rig, [tokens, tokens.toReversed()]);
    expect(tally(answers)).toEqual({ '201': 120 });
    expect(new Set(answers.map((answer) => answer.body.order.id)).size).toBe(60);
    expect(await rig.stock()).toEqual({ [rig.products[0]!]: { free: 36, held: 64, sold: 0 } });
    expect(deadlocks(rig)).toEqual([]);
  });

  it('over the same buyers', async () => {
    const rig = await rigOf({ units: [200], instances: 2, room: { maxUnitsPerShopper: 9 } });
    await slowRows(rig, 'buyer_units');
    const tokensOfAll = () => times(60, (i) => rig.token({ sub: `buyer-${i}`, max: 2 }));
    const [some, others] = [await tokensOfAll(), (await tokensOfAll()).toReversed()];
    expect(tally(await twoBatches(rig, [some, others]))).toEqual({ '201': 120 });
    expect(deadlocks(rig)).toEqual([]);
  });

  it('over the same products, each claim with several units of several', async () => {
    const rig = await rigOf({ units: [130, 130], instances: 2 });
    const [one, other] = rig.products as [string, string];
    const items = [
      { productId: other, quantity: 2 },
      { productId: one, quantity: 2 },
    ];
    const tokens = () => times(30, () => rig.token({ max: 4 }));
    const answers = await twoBatches(rig, [await tokens(), await tokens()], items);
    expect(tally(answers)).toEqual({ '201': 60 });
    expect(await rig.stock()).toEqual({
      [one]: { free: 6, held: 124, sold: 0 },
      [other]: { free: 10, held: 120, sold: 0 },
    });
    expect(deadlocks(rig)).toEqual([]);
  });
});

describe('units', () => {
  const byShard = async (rig: Rig) => {
    const rows = await rig.sql<{ shard: number; n: number }[]>`
      select shard, count(*)::int as n from units
      where product_id = ${rig.products[0]!} and state <> 'free' group by shard order by shard`;
    return rows.map(({ shard, n }) => `${shard}:${n}`).join(' ');
  };

  it('come from the home shard of each token of a batch', async () => {
    const rig = await rigOf({ units: [64] });
    const letGo = await fillLanes(rig);
    const before = limits.batchLanes;
    const numbers = [3, 3, 9, 12, 12 + 16];
    const tokens = await times(numbers.length, (i) => rig.token({ number: numbers[i] ?? 0 }));
    const all = times(numbers.length, (i) => rig.redeem(tokens[i] ?? ''));
    await eventually(async () => (await waiting(rig)) === numbers.length);
    await letGo();
    expect(tally(await all)).toEqual({ '201': numbers.length });
    // The fillers have the numbers 1 to `before`.
    expect(before).toBe(2);
    expect(await byShard(rig)).toBe('1:1 2:1 3:2 9:1 12:2');
  });

  it('come from the shards behind it where it is dry', async () => {
    const rig = await rigOf({ units: [64] });
    const claim = async (number: number, quantity: number) =>
      await rig.redeem(await rig.token({ number, max: quantity }), {
        items: firstUnits(rig, quantity),
      });
    await claim(5, 3);
    await claim(21, 2);
    expect(await byShard(rig)).toBe('5:4 6:1');
    await claim(15, 6);
    expect(await byShard(rig)).toBe('0:2 5:4 6:1 15:4');
  });
});

describe('a row that another transaction keeps', () => {
  it('of one buyer holds nobody else up', async () => {
    const rig = await rigOf({ units: [60], instances: 1 });
    await rig.redeem(await rig.token({ sub: 'kept', max: 2 }));
    const other = await heldTransaction(rig);
    await other.sql`select from buyer_units where sale_id = ${rig.saleId} for update`;
    const kept = rig.redeem(await rig.token({ sub: 'kept', max: 2 }));
    const tokens = await times(40, () => rig.token());
    const begun = performance.now();
    expect(tally(await times(40, (i) => rig.redeem(tokens[i] ?? '')))).toEqual({ '201': 40 });
    // Long before the kept row's own claim gives up.
    expect(performance.now() - begun).toBeLessThan(limits.secondPassMsMax);
    await other.end();
    expect((await kept).status).toBe(201);
  });

  it('of one product holds up nobody who wants another', async () => {
    const rig = await rigOf({ units: [1, 1] });
    const [locked, other] = rig.products as [string, string];
    const holder = await heldTransaction(rig);
    await holder.sql`select from units where product_id = ${locked} for update`;
    const first = rig.redeem(await rig.token());
    await eventually(async () => (await figure(rig, 'fairgate_claim_second_pass_waiting')) === 1);
    const brief = await heldTransaction(rig);
    await brief.sql`select from units where product_id = ${other} for update`;
    const items = [{ productId: other, quantity: 1 }];
    const second = rig.redeem(await rig.token(), { items });
    await eventually(async () => (await figure(rig, 'fairgate_claim_second_pass_waiting')) === 2);
    await brief.end();
    expect((await second).status).toBe(201);
    expect(await figure(rig, 'fairgate_claim_second_pass_waiting')).toBe(1);
    await holder.end();
    expect((await first).status).toBe(201);
  });

  it('lets in to the wait no more than can be answered, and they are figures', async () => {
    const rig = await rigOf({ units: [1] });
    const holder = await heldTransaction(rig);
    await holder.sql`select from units where product_id = ${rig.products[0]!} for update`;
    const count = limits.secondPassWaitingMax + 100;
    const tokens = await times(count, () => rig.token());
    const refused: string[] = [];
    const all = times(count, async (i) => {
      const answer = await rig.redeem(tokens[i] ?? '');
      if (answer.body.detail?.startsWith('Too many')) refused.push(tokens[i] ?? '');
      return answer;
    });
    // While all of the others still wait.
    await eventually(async () => refused.length >= 100);
    expect(await figure(rig, 'fairgate_claim_second_pass_waiting')).toBeGreaterThan(400);
    await holder.end();
    const answers = await all;
    expect(statuses(answers).filter((status) => status === 201)).toEqual([201]);
    expect(await figure(rig, 'fairgate_claim_second_pass_waiting')).toBe(0);
  });
});
