import { describe, expect, it } from 'vitest';
import { type Answer, eventually } from './testing/checkout-rig.ts';
import { rigsOfFile, statuses, times } from './testing/rigs.ts';

const rigOf = rigsOfFile();
const created = (answers: Answer[]) => answers.filter((answer) => answer.status === 201).length;

describe('the limit of units for one shopper', () => {
  it('holds for a visitor with two tokens who comes to two instances at once', async () => {
    const rig = await rigOf({ units: [60], instances: 2 });
    const tokens = await times(40, (i) => rig.token({ sub: `twice-${Math.floor(i / 2)}` }));
    const answers = await times(40, (i) => rig.redeem(tokens[i] ?? '', { instance: i % 2 }));
    for (let i = 0; i < 40; i += 2) {
      expect(statuses(answers.slice(i, i + 2))).toEqual([201, 422]);
    }
    const refused = answers.find((answer) => answer.status === 422)?.body;
    expect(refused.type).toBe('urn:fairgate:problem:quantity-exceeded');
    expect(refused.limit).toBe('visitor');
    expect(await rig.stock()).toEqual({ [rig.products[0]!]: { free: 40, held: 20, sold: 0 } });
    const [spent] = await rig.sql`
      select count(*)::int as n from redemptions where sale_id = ${rig.saleId}`;
    expect(spent?.n).toBe(20);
  });

  it('is met exactly in a race, and no bystander of the batch fails', async () => {
    const rig = await rigOf({ units: [200], instances: 2, room: { maxUnitsPerShopper: 3 } });
    const tokens = await times(60, (i) => rig.token(i % 4 === 0 ? { sub: 'greedy' } : {}));
    const answers = await times(60, (i) =>
      rig.redeem(tokens[i] ?? '', { instance: Math.floor(i / 4) % 2 }),
    );
    const greedy = answers.filter((_, i) => i % 4 === 0);
    expect(created(greedy)).toBe(3);
    expect(greedy.filter((answer) => answer.status === 422).length).toBe(12);
    expect(created(answers)).toBe(45 + 3);
    const [row] = await rig.sql`
      select units, units_max from buyer_units where sale_id = ${rig.saleId} and buyer = 'greedy'`;
    expect(row).toEqual({ units: 3, units_max: 3 });
  });

  it('counts units, and lets a token buy what it says', async () => {
    const rig = await rigOf({ units: [20], room: { maxUnitsPerShopper: 3 } });
    const buy = async (quantity: number, max: number) => {
      const token = await rig.token({ sub: 'v', max });
      const items = [{ productId: rig.products[0]!, quantity }];
      return (await rig.redeem(token, { items })).status;
    };
    expect(await buy(2, 3)).toBe(201);
    expect(await buy(2, 3)).toBe(422);
    expect(await buy(1, 3)).toBe(201);
    expect(await buy(5, 8)).toBe(201);
    expect(await buy(1, 8)).toBe(422);
  });

  it('gives the allowance back with a cancelled order, and with one that ran out', async () => {
    const rig = await rigOf({ units: [5], loops: true });
    const again = async () => await rig.redeem(await rig.token({ sub: 'back' }));
    const first = await again();
    expect(first.status).toBe(201);
    expect((await again()).status).toBe(422);
    const { order, orderKey } = first.body;
    await rig.call('POST', `/v1/orders/${order.id}/cancel`, { key: orderKey });
    const second = await again();
    expect(second.status).toBe(201);
    expect((await again()).status).toBe(422);
    await rig.sql`update orders set pay_before = now() where id = ${second.body.order.id}`;
    const token = await rig.token({ sub: 'back' });
    await eventually(async () => (await rig.redeem(token)).status === 201);
  });
});

describe('the limit of units for one e-mail address', () => {
  it('counts the address in any case, over visitors', async () => {
    const rig = await rigOf({ units: [5], instances: 2, room: { unitsPerEmail: 1 } });
    const nameless = await rig.redeem(await rig.token());
    expect(nameless.status).toBe(400);
    expect(nameless.body.errors).toMatchObject([{ path: 'email' }]);
    const spellings = ['ada@example.org', 'Ada@Example.org', 'ADA@EXAMPLE.ORG', 'ada@example.ORG'];
    const answers = await times(4, async (i) =>
      rig.redeem(await rig.token(), { email: spellings[i] ?? '', instance: i % 2 }),
    );
    expect(statuses(answers)).toEqual([201, 422, 422, 422]);
    expect(answers.find((answer) => answer.status === 422)?.body.limit).toBe('email');
    const { order, orderKey } = answers.find((answer) => answer.status === 201)?.body ?? {};
    await rig.call('POST', `/v1/orders/${order.id}/cancel`, { key: orderKey });
    const answer = await rig.redeem(await rig.token(), { email: 'aDa@example.org' });
    expect(answer.status).toBe(201);
  });

  it('is none where the sale sets none, also for many in one batch', async () => {
    const rig = await rigOf({ units: [30] });
    const tokens = await times(20, () => rig.token());
    const answers = await times(20, (i) =>
      rig.redeem(tokens[i] ?? '', { email: 'ada@example.org' }),
    );
    expect(created(answers)).toBe(20);
  });

  it('that is set in mid-sale knows what was bought before', async () => {
    const rig = await rigOf({ units: [500] });
    const buy = async () => await rig.redeem(await rig.token(), { email: 'ada@example.org' });
    expect((await buy()).status).toBe(201);
    await rig.sql`
      update sales set room = room || '{"unitsPerEmail": 1}' where id = ${rig.saleId}`;
    // Instances know a sale's settings within a second.
    await eventually(async () => (await buy()).status === 422);
  });
});

describe('the limit of units for one identity', () => {
  it('counts over visitors, and stands with the order', async () => {
    const rig = await rigOf({ units: [5], instances: 2 });
    const tokens = await times(4, () => rig.token({ identity: 'login-7' }));
    const answers = await times(4, (i) => rig.redeem(tokens[i] ?? '', { instance: i % 2 }));
    expect(statuses(answers)).toEqual([201, 422, 422, 422]);
    expect(answers.find((answer) => answer.status === 422)?.body.limit).toBe('identity');
    const stored = await rig.sql`select identity from orders where sale_id = ${rig.saleId}`;
    expect([...stored]).toEqual([{ identity: 'login-7' }]);
  });
});

describe('what the limit refused', () => {
  it('did not spend the token: it buys when there is an allowance again', async () => {
    const rig = await rigOf({ units: [5] });
    const first = await rig.redeem(await rig.token({ sub: 'one' }));
    const late = await rig.token({ sub: 'one' });
    expect((await rig.redeem(late, { key: 'k' })).status).toBe(422);
    const { order, orderKey } = first.body;
    await rig.call('POST', `/v1/orders/${order.id}/cancel`, { key: orderKey });
    expect((await rig.redeem(late, { key: 'k' })).status).toBe(201);
  });
});
