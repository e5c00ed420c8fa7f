import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { freshDatabaseUrl, freshRedisUrl } from '../../e2e/support/stores.ts';
import { eventually, makeRig, rigInternalKey } from './testing/checkout-rig.ts';
import { jtiOf, openRoom } from './testing/room-rig.ts';

/** A sale of so many units, with its room, whose shoppers buy at a checkout of the shop's own. */
async function openShop(
  units: number,
  options: { max?: number; paySeconds?: number } = {},
  onEnd: (stop: () => Promise<void>) => void = onTestFinished,
) {
  const redisUrl = await freshRedisUrl(onEnd);
  const databaseUrl = await freshDatabaseUrl(onEnd);
  const { max = 1, paySeconds = 300 } = options;
  const rig = await makeRig({ databaseUrl, redisUrl, units: [units], loops: true, paySeconds });
  const room = await openRoom(redisUrl, rig.saleId, { units, maxUnitsPerShopper: max });
  onEnd(async () => {
    room.close();
    await rig.close();
  });
  const productId = rig.products[0] ?? '';
  const report = async (...outcomes: object[]) => {
    const answer = await rig.call('POST', `/internal/sales/${rig.saleId}/outcomes`, {
      key: rigInternalKey,
      json: { actor: 'key:shop', outcomes },
    });
    expect(answer.status).toBe(200);
    // biome-ignore lint/suspicious/noExplicitAny: tests look into answers as a client would
    return answer.body.results as any[];
  };
  return {
    rig,
    room,
    report,
    items: (quantity: number) => [{ productId, quantity }],
    admitted: (visitor: string) => room.admitted(rig, visitor, max),
    stock: async () => (await rig.stock())[productId],
  };
}
type Shop = Awaited<ReturnType<typeof openShop>>;

/** How many may still be let in: joins so many, and counts who can take a token. */
async function admissionsLeft({ rig, room }: Shop, prefix: string, wanted: number) {
  const visitors = Array.from({ length: wanted }, (_, i) => `${prefix}-${i}`);
  await room.room.join(
    rig.saleId,
    visitors.map((visitor) => ({ visitor, number: 0, ordinal: 1 })),
  );
  await room.room.advanceJson(rig.saleId, 0);
  await room.room.advanceJson(rig.saleId, 0);
  const takes = await Promise.all(
    visitors.map((visitor) => room.room.take(rig.saleId, visitor, 1, jtiOf(rig.saleId, visitor))),
  );
  return takes.filter(({ outcome }) => outcome === 'issued').length;
}

async function roomHasHeard({ rig }: Shop) {
  await eventually(async () => {
    const left = await rig.sql`select from outbox where topic in ('room', 'refused')`;
    return left.length === 0;
  });
}

describe('what the shop’s own checkout reports', () => {
  let shop: Shop;
  beforeAll(async () => {
    shop = await openShop(4, { max: 2 }, afterAll);
  });

  it('started: holds the units and ends the place; bought: they are sold; each again is the same', async () => {
    const token = await shop.admitted('ann');
    const [started] = await shop.report({ token, outcome: 'started', items: shop.items(2) });
    expect(started).toMatchObject({ result: 'accepted', order: { state: 'awaiting_payment' } });
    expect(await shop.stock()).toEqual({ free: 2, held: 2, sold: 0 });
    expect(await shop.report({ token, outcome: 'started', items: shop.items(2) })).toEqual([
      started,
    ]);
    const [bought] = await shop.report({ token, outcome: 'bought' });
    expect(bought).toMatchObject({ order: { id: started.order.id, state: 'paid' } });
    expect(await shop.report({ token, outcome: 'bought', items: shop.items(2) })).toEqual([bought]);
    expect(await shop.stock()).toEqual({ free: 2, held: 0, sold: 2 });
    await roomHasHeard(shop);
    expect((await shop.room.figures()).redeemed).toBe(1);
    const lines = await shop.rig.sql`
      select actor, action from ledger where order_id = ${started.order.id} order by id`;
    expect(lines.map(({ actor, action }) => [actor, action])).toEqual([
      ['visitor:ann', 'order.placed'],
      ['key:shop', 'order.paid'],
    ]);
  });

  it('bought at once: the token is spent, and redeemed nowhere else', async () => {
    const token = await shop.admitted('bob');
    const [bought] = await shop.report({ token, outcome: 'bought', items: shop.items(1) });
    expect(bought).toMatchObject({ result: 'accepted', order: { state: 'paid' } });
    const here = await shop.rig.redeem(token, { key: 'any' });
    expect(here.status).toBe(409);
    expect(here.body).toMatchObject({ orderId: bought.order.id });
    expect(here.body.orderKey).toBeUndefined();
  });

  it('abandoned: what was held is free, a second time too; it is not bought afterwards', async () => {
    const token = await shop.admitted('cid');
    await shop.report({ token, outcome: 'started', items: shop.items(1) });
    expect(await shop.stock()).toEqual({ free: 0, held: 1, sold: 3 });
    for (let i = 0; i < 2; i += 1) {
      const [given] = await shop.report({ token, outcome: 'abandoned' });
      expect(given).toMatchObject({ result: 'accepted', order: { state: 'cancelled' } });
    }
    expect(await shop.stock()).toEqual({ free: 1, held: 0, sold: 3 });
    const [late] = await shop.report({ token, outcome: 'bought' });
    expect(late).toMatchObject({
      result: 'refused',
      problem: { type: 'urn:fairgate:problem:conflict', state: 'cancelled' },
    });
  });

  it('refuses one by one what is not so, and takes the others', async () => {
    const { rig } = shop;
    const mine = await shop.admitted('dan');
    const { body } = await rig.redeem(mine);
    expect(body.order.state).toBe('awaiting_payment');
    const slugs = (
      await shop.report(
        { token: 'x.y.z', outcome: 'bought', items: shop.items(1) },
        { token: mine, outcome: 'bought', items: shop.items(1) },
        { token: mine, outcome: 'abandoned' },
        { token: await rig.token({ sale: 'sale_other' }), outcome: 'bought', items: shop.items(1) },
        { token: await rig.token(), outcome: 'bought' },
        { token: await rig.token({ max: 1 }), outcome: 'bought', items: shop.items(2) },
        {
          token: await rig.token({ exp: 1, iat: 0, nbf: 0 }),
          outcome: 'bought',
          items: shop.items(1),
        },
        { token: await rig.token(), outcome: 'bought', items: shop.items(1) },
        { token: await rig.token(), outcome: 'abandoned' },
      )
    ).map((one) => (one.result === 'accepted' ? one.result : one.problem.type.split(':').at(-1)));
    expect(slugs).toEqual([
      'token-invalid',
      'token-already-redeemed',
      'token-already-redeemed',
      'token-invalid',
      'invalid-request',
      'quantity-exceeded',
      'token-expired',
      'sold-out',
      'accepted',
    ]);
    expect(await shop.stock()).toEqual({ free: 0, held: 1, sold: 3 });
    const order = await rig.call('GET', `/v1/orders/${body.order.id}`, { key: body.orderKey });
    expect(order.body.order.state).toBe('awaiting_payment');
  });

  it('answers none but the other services of the installation', async () => {
    const path = `/internal/sales/${shop.rig.saleId}/outcomes`;
    const json = { actor: 'key:shop', outcomes: [{ token: 'x', outcome: 'abandoned' }] };
    expect((await shop.rig.call('POST', path, { json })).status).toBe(401);
  });
});

describe('the budget of the room, while a checkout of the shop’s own reports', () => {
  it('lets in as many as units are left, whatever is reported, and how often', async () => {
    const shop = await openShop(3);
    const buyer = await shop.admitted('buyer');
    const waverer = await shop.admitted('waverer');
    const undecided = await shop.admitted('undecided');
    expect(await admissionsLeft(shop, 'none', 3)).toBe(0);
    const bought = { token: buyer, outcome: 'bought', items: shop.items(1) };
    const started = { token: undecided, outcome: 'started', items: shop.items(1) };
    await shop.report(bought, started);
    await Promise.all([shop.report(bought), shop.report(bought), shop.report(started)]);
    await roomHasHeard(shop);
    expect(await admissionsLeft(shop, 'none', 3)).toBe(0);
    // One unit comes back, once: of a token that bought nothing.
    const given = { token: waverer, outcome: 'abandoned' };
    await Promise.all([shop.report(given), shop.report(given)]);
    expect(await admissionsLeft(shop, 'none', 3)).toBe(1);
    const ended = { token: undecided, outcome: 'abandoned' };
    await Promise.all([shop.report(ended), shop.report(ended)]);
    await roomHasHeard(shop);
    expect(await admissionsLeft(shop, 'none', 3)).toBe(2);
    await shop.report(bought, given, ended);
    await roomHasHeard(shop);
    expect(await admissionsLeft(shop, 'none', 3)).toBe(2);
    expect(await shop.stock()).toEqual({ free: 2, held: 0, sold: 1 });
  });

  it('a sale and its end that are reported at once come to one of the two, with its units', async () => {
    const shop = await openShop(6);
    let sold = 0;
    for (let i = 0; i < 6; i += 1) {
      const token = await shop.admitted(`shopper-${i}`);
      await shop.report({ token, outcome: 'started', items: shop.items(1) });
      const [[bought], [given]] = await Promise.all([
        shop.report({ token, outcome: 'bought' }),
        shop.report({ token, outcome: 'abandoned' }),
      ]);
      expect([bought.result, given.result].sort()).toEqual(['accepted', 'refused']);
      const before = sold;
      sold = (await shop.stock())?.sold ?? 0;
      expect(sold).toBe(bought.result === 'accepted' ? before + 1 : before);
    }
    expect(await shop.stock()).toMatchObject({ held: 0, free: 6 - sold });
  });

  it('a refund of what was sold elsewhere frees its unit, and moves no money', async () => {
    const shop = await openShop(1);
    const token = await shop.admitted('ann');
    const sale = { token, outcome: 'bought', items: shop.items(1) };
    const [{ order }] = await shop.report(sale);
    const path = `/internal/orders/${order.id}/refund`;
    const refund = { key: rigInternalKey, json: { actor: 'key:shop' } };
    expect((await shop.rig.call('POST', path, refund)).body.order.state).toBe('refunded');
    expect(await shop.rig.sql`select from payments`).toHaveLength(0);
    expect(await shop.rig.sql`select from outbox where topic = 'payment'`).toHaveLength(0);
    const [again] = await shop.report(sale);
    expect(again.problem).toMatchObject({
      type: 'urn:fairgate:problem:conflict',
      state: 'refunded',
    });
    await roomHasHeard(shop);
    // The picture of the stock comes a little later: until then the sale is sold out.
    await eventually(async () => (await admissionsLeft(shop, 'next', 2)) > 0);
    expect(await admissionsLeft(shop, 'next', 2)).toBe(1);
  });

  it('what was started and never reported again comes back by itself, and is not sold then', async () => {
    const shop = await openShop(1, { paySeconds: 1 });
    const token = await shop.admitted('gone');
    await shop.report({ token, outcome: 'started', items: shop.items(1) });
    await eventually(async () => (await shop.stock())?.free === 1);
    const [late] = await shop.report({ token, outcome: 'bought' });
    expect(late.problem).toMatchObject({ type: 'urn:fairgate:problem:order-expired' });
    await roomHasHeard(shop);
    expect(await admissionsLeft(shop, 'next', 2)).toBe(1);
  });

  it('an abandoned token is over while Redis is away too, and its unit comes back later', async () => {
    const shop = await openShop(1);
    const token = await shop.admitted('gone');
    await shop.room.redis.config('SET', 'requirepass', 'away');
    await shop.room.redis.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    expect(await shop.report({ token, outcome: 'abandoned' })).toEqual([
      { result: 'accepted', order: null },
    ]);
    expect((await shop.rig.redeem(token)).body.type).toBe('urn:fairgate:problem:token-expired');
    expect(await admissionsLeft(shop, 'next', 2)).toBe(0);
    await shop.room.redis.config('SET', 'requirepass', '');
    await eventually(async () => {
      await shop.report({ token, outcome: 'abandoned' });
      return (await admissionsLeft(shop, 'next', 2)) === 1;
    });
  });
});
