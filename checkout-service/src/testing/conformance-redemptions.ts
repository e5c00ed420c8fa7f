import { newId } from '@fairgate/shared/ids.ts';
import { makeProof, newProofKey } from '@fairgate/shared/token/proof-maker.ts';
import { expect } from 'vitest';
import { expectProblem } from '../../../e2e/support/problem.ts';
import { limits } from '../limits.ts';
import { makeRig, type Rig, testOrigin } from './checkout-rig.ts';
import {
  bearer,
  form,
  goodRequest,
  type Judged,
  post,
  redeemForm,
  sent,
} from './conformance-rig.ts';
import { fillLanes, times } from './rigs.ts';

type Scene = (rig: Rig, ask: Judged['ask']) => Promise<void>;
type Wish = { key?: string; items?: object[]; headers?: Record<string, string> };

const nowSeconds = () => Math.floor(Date.now() / 1_000);

/** Redeems at the first instance. */
const redeemer =
  (rig: Rig, ask: Judged['ask']) =>
  async (token: string, wish: Wish = {}) => {
    const { items = [{ productId: rig.products[0], quantity: 1 }], key } = wish;
    const own = key === undefined ? {} : { 'idempotency-key': key };
    const headers = {
      'content-type': 'application/json',
      ...bearer(token),
      ...own,
      ...wish.headers,
    };
    return await ask(rig, post('/v1/redemptions', headers, JSON.stringify({ items })));
  };

export const byStanding: Scene = async (rig, ask) => {
  const redeem = redeemer(rig, ask);
  expectProblem(await redeem('none'), 'token-invalid');
  expectProblem(await redeem(await rig.token({ exp: nowSeconds() - 60 })), 'token-expired');
  await rig.sql`
    insert into revocations (sale_id, visitor, number_from, number_to)
    values (${rig.saleId}, 'revoked', null, 1000000)`;
  expectProblem(await redeem(await rig.token({ sub: 'revoked' })), 'token-revoked');
  const bound = await rig.token({ cnf: { jkt: newProofKey().jkt } });
  expectProblem(await redeem(bound), 'proof-invalid');
};

export const byWish: Scene = async (rig, ask) => {
  const redeem = redeemer(rig, ask);
  const items = [{ productId: rig.products[0], quantity: 2 }];
  expectProblem(await redeem(await rig.token(), { items }), 'quantity-exceeded');
  const token = await rig.token({ max: 2 });
  expect((await redeem(token, { key: 'k' })).status).toBe(201);
  const again = await redeem(token, { key: 'k' });
  expect([again.status, again.headers.get('idempotent-replayed')]).toEqual([201, 'true']);
  expectProblem(await redeem(token, { key: 'k', items }), 'idempotency-key-reused');
  expectProblem(await redeem(token), 'token-already-redeemed');
  const all = [{ productId: rig.products[0], quantity: 5_000 }];
  expectProblem(await redeem(await rig.token({ max: 9_999 }), { items: all }), 'sold-out');
};

/** Copies beyond a few are told to ask again. */
export const underWay: Scene = async (rig, ask) => {
  const redeem = redeemer(rig, ask);
  const letGo = await fillLanes(rig);
  const token = await rig.token();
  const copies = times(limits.sameTokenMax + 5, () => redeem(token, { key: 'copies' }));
  await letGo();
  const statuses = (await copies).map(({ status }) => status);
  expect(new Set(statuses)).toEqual(new Set([201, 409]));
};

export const provenWithoutEnd: Scene = async (rig, ask) => {
  const key = newProofKey();
  const token = await rig.token({ cnf: { jkt: key.jkt } });
  const url = `${testOrigin}/v1/redemptions`;
  const prove = async () => {
    const dpop = makeProof(key, { method: 'POST', url, token });
    const headers = { authorization: `DPoP ${token}`, dpop };
    return await redeemer(rig, ask)(token, { key: 'proven', headers });
  };
  expect((await prove()).status).toBe(201);
  await rig.sql`
    update redemptions set proofs = array(
      select ${`${nowSeconds()}.`}::text || n || '@' from generate_series(1, 200) as n)
    where cardinality(proofs) > 0`;
  expectProblem(await prove(), 'rate-limited');
};

/** A sale that is over, whose product another one has. */
export async function afterTheSale(databaseUrl: string, ask: Judged['ask']): Promise<void> {
  const rig = await makeRig({ databaseUrl, units: [5] });
  try {
    await rig.sql`update sales set phase = 'closed' where id = ${rig.saleId}`;
    await rig.sql`update sale_products set live = false where sale_id = ${rig.saleId}`;
    const id = newId('sale');
    await rig.sql`
      insert into sales (id, name, phase, currency, starts_at, room)
      select ${id}, 'Next', 'open', currency, now(), room from sales where id = ${rig.saleId}`;
    await rig.sql`
      insert into sale_products (sale_id, product_id, position)
      values (${id}, ${rig.products[0] ?? ''}, 0)`;
    const name = 'POST /v1/redemptions';
    expectProblem(await ask(rig, sent(name, await goodRequest(name, rig))), 'sale-not-open');
    expect((await ask(rig, form('/checkout/redeem', await redeemForm(rig)))).status).toBe(409);
  } finally {
    await rig.close();
  }
}

/** The same, by forms: the page says what is wrong. */
export const byForm: Scene = async (rig, ask) => {
  const redeem = async (fields: Record<string, string>) =>
    (await ask(rig, form('/checkout/redeem', await redeemForm(rig, fields)))).status;
  expect(await redeem({ quantity: 'many' })).toBe(400);
  expect(await redeem({ token: 'none' })).toBe(401);
  expect(await redeem({ sale: newId('sale'), token: 'none' })).toBe(404);
  expect(await redeem({ quantity: '2' })).toBe(422);
  const fields = await redeemForm(rig, { token: await rig.token({ max: 2 }) });
  expect(await redeem(fields)).toBe(303);
  expect(await redeem({ ...fields, quantity: '2' })).toBe(200);
  expect(await redeem({ ...fields, key: 'x' })).toBe(400);
  const foreign = form('/checkout/redeem', fields);
  foreign.headers.origin = 'https://evil.example';
  expectProblem(await ask(rig, foreign), 'forbidden');
};
