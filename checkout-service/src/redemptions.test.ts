import { signPurchaseToken } from '@fairgate/shared/token/purchase.ts';
import { generateKeyPair } from 'jose';
import { describe, expect, it } from 'vitest';
import { type Answer, eventually, type Rig } from './testing/checkout-rig.ts';
import { firstUnits, rigsOfFile, slugOf, tally } from './testing/rigs.ts';

const rigOf = rigsOfFile();
const unitsOf = (answers: Answer[]): string[] =>
  answers
    .filter((answer) => answer.status === 201)
    .flatMap((answer) =>
      answer.body.order.items.flatMap((item: { units: string[] }) => item.units),
    );

describe('redemptions over two instances', () => {
  it('300 at once for 100 units make 100 orders of 100 different units', async () => {
    const rig = await rigOf({ units: [100], instances: 2 });
    const tokens = await Promise.all(Array.from({ length: 300 }, () => rig.token()));
    const answers = await Promise.all(
      tokens.map((token, i) => rig.redeem(token, { instance: i % 2 })),
    );
    expect(tally(answers)).toEqual({ '201': 100, '409 sold-out': 200 });
    expect(new Set(unitsOf(answers)).size).toBe(100);
    expect(await rig.stock()).toEqual({ [rig.products[0]!]: { free: 0, held: 100, sold: 0 } });
    const [spent] = await rig.sql`
      select count(*)::int as n from redemptions where sale_id = ${rig.saleId}`;
    expect(spent?.n).toBe(100);
  });

  it('a token that comes 50 times at once becomes one order', async () => {
    const rig = await rigOf({ units: [10], instances: 2 });
    const token = await rig.token();
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, i) => rig.redeem(token, { instance: i % 2 })),
    );
    expect(tally(answers)).toEqual({ '201': 1, '409 token-already-redeemed': 49 });
    const order = answers.find((answer) => answer.status === 201)?.body.order;
    for (const { status, body } of answers) {
      if (status === 409) expect(body.orderId).toBe(order.id);
    }
    expect(await rig.stock()).toEqual({ [rig.products[0]!]: { free: 9, held: 1, sold: 0 } });
  });

  it('a token that comes 50 times with one key gets one answer 50 times', async () => {
    const rig = await rigOf({ units: [10], instances: 2 });
    const token = await rig.token();
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, i) => rig.redeem(token, { instance: i % 2, key: 'one' })),
    );
    expect(tally(answers)).toEqual({ '201': 50 });
    expect(new Set(answers.map((answer) => JSON.stringify(answer.body))).size).toBe(1);
    const replayed = answers.filter((a) => a.headers.get('idempotent-replayed') === 'true');
    expect(replayed.length).toBe(49);
  });

  it('all items of a redemption are claimed, or none', async () => {
    const rig = await rigOf({ units: [20, 5], instances: 2 });
    const [first, second] = rig.products as [string, string];
    const items = [
      { productId: first, quantity: 2 },
      { productId: second, quantity: 1 },
    ];
    const tokens = await Promise.all(Array.from({ length: 12 }, () => rig.token({ max: 3 })));
    const answers = await Promise.all(
      tokens.map((token, i) => rig.redeem(token, { instance: i % 2, items })),
    );
    expect(tally(answers)).toEqual({ '201': 5, '409 sold-out': 7 });
    expect(await rig.stock()).toEqual({
      [first]: { free: 10, held: 10, sold: 0 },
      [second]: { free: 0, held: 5, sold: 0 },
    });
    expect(new Set(unitsOf(answers)).size).toBe(15);
  });
});

describe('sold out is the truth', () => {
  it('a row that another transaction holds and lets go is waited for', async () => {
    const rig = await rigOf({ units: [1] });
    const token = await rig.token();
    const holder = await rig.sql.reserve();
    await holder`begin`;
    await holder`select id from units where product_id = ${rig.products[0]!} for update`;
    const answer = rig.redeem(token);
    await eventually(async () => {
      const rows = await rig.sql`
        select from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock'`;
      return rows.length > 0;
    });
    await holder`rollback`;
    holder.release();
    expect((await answer).status).toBe(201);
  });

  it('a row that stays locked is no sold-out: 503, and the token is not spent', async () => {
    const rig = await rigOf({ units: [1] });
    const token = await rig.token();
    const holder = await rig.sql.reserve();
    await holder`begin`;
    await holder`select id from units where product_id = ${rig.products[0]!} for update`;
    const answer = await rig.redeem(token);
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).not.toBeNull();
    await holder`rollback`;
    holder.release();
    expect((await rig.redeem(token)).status).toBe(201);
  });

  it('a token that found nothing is not spent, and buys when a unit comes back', async () => {
    const rig = await rigOf({ units: [1] });
    const first = await rig.redeem(await rig.token());
    const late = await rig.token();
    expect(tally([await rig.redeem(late)])).toEqual({ '409 sold-out': 1 });
    const { order, orderKey } = first.body;
    await rig.call('POST', `/v1/orders/${order.id}/cancel`, { key: orderKey });
    expect((await rig.redeem(late)).status).toBe(201);
  });

  it('a dry home shard takes from the others', async () => {
    const rig = await rigOf({ units: [16] });
    const answers: Answer[] = [];
    for (let i = 0; i < 16; i += 1) answers.push(await rig.redeem(await rig.token({ number: 3 })));
    expect(tally(answers)).toEqual({ '201': 16 });
  });
});

describe('a batch with a poisoned row', () => {
  it('fails alone: the others get their orders', async () => {
    const rig = await rigOf({ units: [40] });
    await rig.sql.unsafe(`
      create or replace function poison() returns trigger language plpgsql as $$
      begin if new.visitor = 'poisoned' then raise exception 'poisoned'; end if; return new; end $$`);
    await rig.sql`
      create or replace trigger poison before insert on orders for each row execute function poison()`;
    const tokens = await Promise.all(
      Array.from({ length: 30 }, (_, i) => rig.token(i === 17 ? { sub: 'poisoned' } : {})),
    );
    const answers = await Promise.all(tokens.map((token) => rig.redeem(token)));
    expect(tally(answers)).toEqual({ '201': 29, '503 unavailable': 1 });
    expect(answers[17]?.status).toBe(503);
    expect(await rig.stock()).toEqual({ [rig.products[0]!]: { free: 11, held: 29, sold: 0 } });
  });
});

describe('a token by a key that is not bundled', () => {
  const foreign = async (rig: Rig) => {
    const { privateKey } = await generateKeyPair('EdDSA');
    const now = Math.floor(Date.now() / 1_000);
    const times = { iat: now, nbf: now, exp: now + 60 };
    const claims = { sub: 'v', jti: 'of-a-foreign-key', sale: rig.saleId, number: 1, max: 1 };
    return await signPurchaseToken({ kid: 'unknown', key: privateKey }, { ...claims, ...times });
  };

  it('is 503 while the published keys are away, and 401 where there are none', async () => {
    const away = await rigOf({ units: [1], jwksUrl: 'http://127.0.0.1:1/jwks.json' });
    for (let i = 0; i < 2; i += 1) {
      const { status, body, headers } = await away.redeem(await foreign(away));
      expect([status, body.type]).toEqual([503, 'urn:fairgate:problem:unavailable']);
      expect(headers.get('retry-after')).not.toBeNull();
    }
    expect((await away.redeem(await away.token())).status).toBe(201);
    const alone = await rigOf({ units: [1] });
    expect((await alone.redeem(await foreign(alone))).status).toBe(401);
  });
});

describe('the order of checks', () => {
  it('is signature, stored key, expiry, quantity, products, stock', async () => {
    const rig = await rigOf({ units: [3] });
    const slug = async (answer: Promise<Answer>) => {
      const { status } = await answer;
      return `${status} ${slugOf(await answer)}`;
    };
    const past = Math.floor(Date.now() / 1_000) - 10;
    const nonsense = await rig.redeem('nonsense');
    expect(`${nonsense.status} ${slugOf(nonsense)}`).toBe('401 token-invalid');
    expect(nonsense.headers.get('www-authenticate')).toMatch(/^Bearer error="invalid_token", DPoP/);
    const token = await rig.token();
    expect(await slug(rig.redeem(`${token.slice(0, -4)}AAAA`))).toBe('401 token-invalid');
    expect(await slug(rig.redeem(await rig.token({ exp: past })))).toBe('401 token-expired');
    expect(await slug(rig.redeem(await rig.token({ cnf: { jkt: 'x' } })))).toBe(
      '401 proof-invalid',
    );
    const two = [{ productId: rig.products[0]!, quantity: 2 }];
    expect(await slug(rig.redeem(token, { items: two }))).toBe('422 quantity-exceeded');
    const far = [{ productId: rig.products[0]!, quantity: 1_000_000 }];
    expect(await slug(rig.redeem(token, { items: far }))).toBe('422 quantity-exceeded');
    // Named by its place in what was sent, whatever the order of the ids.
    const foreign = [{ productId: 'zz', quantity: 1 }, ...firstUnits(rig)];
    const refused = await rig.redeem(await rig.token({ max: 2 }), { items: foreign });
    expect(refused.status).toBe(400);
    expect(refused.body.errors).toEqual([
      { path: 'items.0.productId', message: 'is not a product of this sale' },
    ]);
    expect(await slug(rig.redeem('x.y.z', { key: '' }))).toBe('401 token-invalid');
    expect((await rig.redeem(token)).status).toBe(201);
  });

  it('answers a stored key past the expiry of the token, and only that', async () => {
    const rig = await rigOf({ units: [3] });
    const now = Math.floor(Date.now() / 1_000);
    const claims = { jti: `expiring-${rig.saleId}`, sub: 'v', number: 7, iat: now, nbf: now };
    const first = await rig.redeem(await rig.token({ ...claims, exp: now + 60 }), { key: 'k' });
    expect(first.status).toBe(201);
    const old = await rig.token({ ...claims, exp: now - 1 });
    const again = await rig.redeem(old, { key: 'k' });
    expect(again.status).toBe(201);
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(again.body).toEqual(first.body);
    expect((await rig.redeem(old, { key: 'other' })).body.orderId).toBe(first.body.order.id);
    const many = [{ productId: rig.products[0]!, quantity: 9 }];
    // 422 is the status of too many units as well.
    expect(slugOf(await rig.redeem(old, { key: 'k', items: many }))).toBe('idempotency-key-reused');
    const age = (age: string) => rig.sql`
      update redemptions set created_at = now() - ${age}::interval where jti = ${claims.jti}`;
    await age('23 hours 59 minutes');
    expect((await rig.redeem(old, { key: 'k' })).body).toEqual(first.body);
    await age('24 hours 1 minute');
    expect(slugOf(await rig.redeem(old, { key: 'k' }))).toBe('token-already-redeemed');
  });

  it('a replay gives the first answer, whatever came of the order', async () => {
    const rig = await rigOf({ units: [3] });
    const token = await rig.token();
    const first = await rig.redeem(token, { key: 'k' });
    const { order, orderKey } = first.body;
    await rig.call('POST', `/v1/orders/${order.id}/extend`, { key: orderKey });
    await rig.call('POST', `/v1/orders/${order.id}/cancel`, { key: orderKey });
    expect((await rig.redeem(token, { key: 'k' })).body).toEqual(first.body);
  });

  it('a lapsed token is expired', async () => {
    const rig = await rigOf({ units: [1] });
    const jti = `lapsed-${rig.saleId}`;
    await rig.sql`
      insert into redemptions (jti, sale_id, visitor, number, max, kind)
      values (${jti}, ${rig.saleId}, 'v', 1, 1, 'lapsed')`;
    const answer = await rig.redeem(await rig.token({ jti }));
    expect(answer.body.type).toBe('urn:fairgate:problem:token-expired');
  });

  it('refuses what is no redemption, and keeps the token', async () => {
    const rig = await rigOf({ units: [3] });
    const token = await rig.token();
    const send = (json: unknown, headers = {}) =>
      rig.call('POST', '/v1/redemptions', { key: token, json, headers });
    const productId = rig.products[0]!;
    for (const items of [[], [{ productId, quantity: 0 }], [{ productId, quantity: 1.5 }], 'x']) {
      expect((await send({ items })).status).toBe(400);
    }
    const good = { items: [{ productId, quantity: 1 }] };
    expect((await send({ ...good, email: 'no address' })).status).toBe(400);
    expect((await send(good, { 'idempotency-key': '' })).status).toBe(400);
    expect((await send(good, { 'idempotency-key': 'x'.repeat(256) })).status).toBe(400);
    const plain = { 'content-type': 'text/plain' };
    expect(
      (await rig.call('POST', '/v1/redemptions', { key: token, text: '{}', headers: plain }))
        .status,
    ).toBe(415);
    const huge = { ...good, padding: 'x'.repeat(70_000) };
    expect((await send(huge)).status).toBe(413);
    expect((await rig.call('POST', '/v1/redemptions', { json: good })).status).toBe(401);
    expect((await rig.call('GET', '/v1/redemptions')).status).toBe(405);
    expect((await send(good)).status).toBe(201);
  });
});
