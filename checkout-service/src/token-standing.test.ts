import { newId } from '@fairgate/shared/ids.ts';
import { describe, expect, it } from 'vitest';
import { eventually, type Rig } from './testing/checkout-rig.ts';
import { fillLanes, firstUnits, holdBatches, rigsOfFile, slugOf, times } from './testing/rigs.ts';

const rigOf = rigsOfFile();
const nowSeconds = () => Math.floor(Date.now() / 1_000);
const redeemed = async (rig: Rig, token: string, options = {}) => {
  const answer = await rig.redeem(token, options);
  return answer.status === 201 ? '201' : `${answer.status} ${slugOf(answer)}`;
};

/** Connections that wait for that. */
async function backends(rig: Rig, event: string): Promise<number> {
  const rows = await rig.sql`
    select from pg_stat_activity where datname = current_database() and wait_event = ${event}`;
  return rows.length;
}

describe('a token that expires while it is being redeemed', () => {
  it.each([0, 1])('is not called expired to who asks again, at instance %i', async (instance) => {
    const rig = await rigOf({ units: [5], instances: 2 });
    const jti = `slow-${rig.saleId}`;
    const token = (exp: number) => rig.token({ jti, sub: 'slow', exp });
    const letGo = await holdBatches(rig);
    const first = rig.redeem(await token(nowSeconds() + 60), { key: 'k' });
    // Its row is written, and not committed.
    await eventually(async () => (await backends(rig, 'PgSleep')) === 1);
    let answered = false;
    const again = rig.redeem(await token(nowSeconds() - 1), { key: 'k', instance }).finally(() => {
      answered = true;
    });
    await eventually(async () => instance === 0 || (await backends(rig, 'transactionid')) > 0);
    expect(answered).toBe(false);
    await letGo();
    expect((await first).status).toBe(201);
    expect((await again).body).toEqual((await first).body);
  });

  it('and was not, is expired, and stays unspent', async () => {
    const rig = await rigOf({ units: [5] });
    const token = await rig.token({ exp: nowSeconds() - 1 });
    expect(await redeemed(rig, token)).toBe('401 token-expired');
    const rows = await rig.sql`select from redemptions where sale_id = ${rig.saleId}`;
    expect(rows.length).toBe(0);
  });
});

describe('a sale that is over', () => {
  async function closed(rig: Rig): Promise<void> {
    await rig.sql`update sales set phase = 'closed' where id = ${rig.saleId}`;
    await rig.sql`update sale_products set live = false where sale_id = ${rig.saleId}`;
  }
  /** Another sale that has the first product now. */
  async function nextSale(rig: Rig): Promise<void> {
    const id = newId('sale');
    await rig.sql`
      insert into sales (id, name, phase, currency, starts_at, room)
      select ${id}, 'Next', 'open', currency, now(), room from sales where id = ${rig.saleId}`;
    await rig.sql`
      insert into sale_products (sale_id, product_id, position)
      values (${id}, ${rig.products[0]!}, 0)`;
  }

  it('sells to the tokens that it issued, until they expire', async () => {
    const rig = await rigOf({ units: [5] });
    await closed(rig);
    expect(await redeemed(rig, await rig.token())).toBe('201');
  });

  it('does not sell what the next sale has promised to others', async () => {
    const rig = await rigOf({ units: [5, 5] });
    await closed(rig);
    await nextSale(rig);
    const token = await rig.token();
    expect(await redeemed(rig, token)).toBe('409 sale-not-open');
    const other = [{ productId: rig.products[1]!, quantity: 1 }];
    expect(await redeemed(rig, token, { items: other })).toBe('201');
  });

  it('does not sell at the figure of another currency', async () => {
    const rig = await rigOf({ units: [5] });
    await rig.redeem(await rig.token());
    await closed(rig);
    await rig.sql`
      update products set currency = 'JPY', price_minor = 150000 where id = ${rig.products[0]!}`;
    // At once, from what the instance knows, and later, from what it asks.
    expect(await redeemed(rig, await rig.token())).toMatch(/503 unavailable|409 sale-not-open/);
    await eventually(async () => {
      return (await redeemed(rig, await rig.token())) === '409 sale-not-open';
    });
    expect(await rig.stock()).toEqual({ [rig.products[0]!]: { free: 4, held: 1, sold: 0 } });
  });

  it('and deleted sells nothing, while its orders are still shown', async () => {
    const rig = await rigOf({ units: [5] });
    const { body } = await rig.redeem(await rig.token());
    await rig.sql`update sales set deleted_at = now() where id = ${rig.saleId}`;
    await eventually(async () => {
      return (await redeemed(rig, await rig.token())) === '409 sale-not-open';
    });
    const order = await rig.call('GET', `/v1/orders/${body.order.id}`, { key: body.orderKey });
    expect(order.status).toBe(200);
  });
});

describe('a revoked token', () => {
  const revoke = (rig: Rig, row: { visitor?: string; from?: number; to?: number }) => rig.sql`
    insert into revocations (sale_id, visitor, number_from, number_to)
    values (${rig.saleId}, ${row.visitor ?? null}, ${row.from ?? null}, ${row.to ?? 1_000_000})`;

  it('buys nothing: by visitor, or by its number', async () => {
    const rig = await rigOf({ units: [9] });
    const drawn = [
      { number: 7, place: 150 },
      { number: 150, place: 7 },
    ];
    const revoked = [{ sub: 'revoked' }, { number: 100 }, { number: 200 }, drawn[0]];
    const others = [{ sub: 'other' }, { number: 99 }, { number: 201 }, drawn[1]];
    const tokens = await times(8, (i) => rig.token([...revoked, ...others][i]));
    await revoke(rig, { visitor: 'revoked' });
    await revoke(rig, { from: 100, to: 200 });
    const answers = await times(8, (i) => redeemed(rig, tokens[i] ?? ''));
    expect(answers.slice(0, 4)).toEqual(Array(4).fill('401 token-revoked'));
    expect(answers.slice(4)).toEqual(Array(4).fill('201'));
    const spent = await rig.sql`
      select number, place from redemptions where sale_id = ${rig.saleId} order by number`;
    expect(spent.map(({ place }) => place)).toEqual([null, null, '7', null]);
  });

  it('fails alone in its batch', async () => {
    const rig = await rigOf({ units: [30] });
    const tokens = await times(20, (i) => rig.token(i === 7 ? { sub: 'revoked' } : {}));
    await revoke(rig, { visitor: 'revoked' });
    const letGo = await fillLanes(rig);
    const answers = times(20, (i) => redeemed(rig, tokens[i] ?? ''));
    await letGo();
    const expected = Array(20).fill('201');
    expected[7] = '401 token-revoked';
    expect(await answers).toEqual(expected);
  });

  it('counts again of a place that the visitor joined for later', async () => {
    const rig = await rigOf({ units: [9] });
    await revoke(rig, { visitor: 'back', to: 10 });
    const token = (claims: object) => rig.token({ sub: 'back', ...claims });
    expect(await redeemed(rig, await token({ number: 10 }))).toBe('401 token-revoked');
    expect(await redeemed(rig, await token({ number: 11, place: 10 }))).toBe('401 token-revoked');
    expect(await redeemed(rig, await token({ number: 11 }))).toBe('201');
  });

  it('is called revoked also where its place was settled meanwhile', async () => {
    const rig = await rigOf({ units: [9] });
    const [revoked, left] = await times(2, (i) =>
      rig.token({ jti: `settled-${i}-${rig.saleId}`, sub: `v${i}` }),
    );
    await rig.sql`
      insert into redemptions (jti, sale_id, visitor, number, max, kind)
      select 'settled-' || i || '-' || ${rig.saleId}, ${rig.saleId}, 'v' || i, 1, 1, 'lapsed'
      from generate_series(0, 1) i`;
    await revoke(rig, { visitor: 'v0' });
    expect(await redeemed(rig, revoked ?? '')).toBe('401 token-revoked');
    expect(await redeemed(rig, left ?? '')).toBe('401 token-expired');
  });

  it('that was spent before still gets its answer', async () => {
    const rig = await rigOf({ units: [9] });
    const token = await rig.token({ sub: 'later' });
    const first = await rig.redeem(token, { key: 'k' });
    await revoke(rig, { visitor: 'later' });
    expect((await rig.redeem(token, { key: 'k' })).body).toEqual(first.body);
  });

  it('is called revoked after expired, and before too many units', async () => {
    const rig = await rigOf({ units: [9] });
    const expired = await rig.token({ sub: 'revoked', exp: nowSeconds() - 1 });
    const alive = await rig.token({ sub: 'revoked' });
    await revoke(rig, { visitor: 'revoked' });
    expect(await redeemed(rig, expired)).toBe('401 token-expired');
    const items = firstUnits(rig, 9);
    expect(await redeemed(rig, alive, { items })).toBe('401 token-revoked');
  });
});
