import { randomBytes } from 'node:crypto';
import { makeProof, newProofKey } from '@fairgate/shared/token/proof-maker.ts';
import { describe, expect, it } from 'vitest';
import { type Rig, testOrigin } from './testing/checkout-rig.ts';
import { rigsOfFile, slugOf } from './testing/rigs.ts';

const rigOf = rigsOfFile();

async function boundToken(rig: Rig) {
  const key = newProofKey();
  const token = await rig.token({ cnf: { jkt: key.jkt } });
  const url = `${testOrigin}/v1/redemptions`;
  return { token, proof: () => makeProof(key, { method: 'POST', url, token }) };
}

describe('a proof of possession', () => {
  it('proves once, however many come after it', async () => {
    const rig = await rigOf({ units: [1] });
    const { token, proof } = await boundToken(rig);
    const first = proof();
    expect((await rig.redeem(token, { key: 'k', proof: first })).status).toBe(201);
    for (let i = 0; i < 150; i += 1) await rig.redeem(token, { key: 'k', proof: proof() });
    expect(slugOf(await rig.redeem(token, { key: 'k', proof: first }))).toBe('proof-invalid');
    expect((await rig.redeem(token, { key: 'k', proof: proof() })).status).toBe(201);
  });

  it('is stored while it is young: those of long ago leave, and young ones are bounded', async () => {
    const rig = await rigOf({ units: [1] });
    const { token, proof } = await boundToken(rig);
    await rig.redeem(token, { key: 'k', proof: proof() });
    const old = Math.floor(Date.now() / 1_000) - 3_600;
    const proofsOf = async () => {
      const [row] = await rig.sql`
        select cardinality(proofs) as n from redemptions where sale_id = ${rig.saleId}`;
      return row?.n;
    };
    await rig.sql`
      update redemptions set proofs = array(
        select ${`${old}.`}::text || n || '@' from generate_series(1, 1000) as n)
      where sale_id = ${rig.saleId}`;
    expect((await rig.redeem(token, { key: 'k', proof: proof() })).status).toBe(201);
    expect(await proofsOf()).toBe(1);
    await rig.sql`
      update redemptions set proofs = array(
        select ${`${old + 3_600}.`}::text || n || '@' from generate_series(1, 200) as n)
      where sale_id = ${rig.saleId}`;
    const refused = await rig.redeem(token, { key: 'k', proof: proof() });
    expect([refused.status, slugOf(refused)]).toEqual([429, 'rate-limited']);
    expect(refused.headers.get('retry-after')).not.toBeNull();
    expect(await proofsOf()).toBe(200);
  });

  it('comes twice in one request that the balancer tries twice, and in no other', async () => {
    const rig = await rigOf({ units: [2], instances: 2 });
    const { token, proof } = await boundToken(rig);
    const id = () => randomBytes(16).toString('hex');
    const request = { key: 'k', proof: proof(), balancerRequest: id() };
    const first = await rig.redeem(token, { ...request, instance: 0 });
    const again = await rig.redeem(token, { ...request, instance: 1 });
    expect([first.status, again.status]).toEqual([201, 201]);
    expect(again.body).toEqual(first.body);
    // Whoever copied the request gets another id, since the balancer makes it.
    for (const other of [id(), 'not-an-id', undefined]) {
      const { balancerRequest: _, ...rest } = request;
      const copied = { ...rest, ...(other ? { balancerRequest: other } : {}) };
      expect(slugOf(await rig.redeem(token, copied))).toBe('proof-invalid');
    }
    // A replay that is tried twice is one too.
    const replay = { key: 'k', proof: proof(), balancerRequest: id() };
    for (const instance of [0, 1, 1]) {
      expect((await rig.redeem(token, { ...replay, instance })).status).toBe(201);
    }
    expect(slugOf(await rig.redeem(token, { ...replay, balancerRequest: id() }))).toBe(
      'proof-invalid',
    );
    // Nor does the id stand for the key, or for the body.
    const items = [{ productId: rig.products[0]!, quantity: 2 }];
    expect(slugOf(await rig.redeem(token, { ...request, items }))).toBe('idempotency-key-reused');
    expect(slugOf(await rig.redeem(token, { ...request, key: 'other' }))).toBe(
      'token-already-redeemed',
    );
  });
});

describe('a token that says what Postgres cannot hold', () => {
  it.each([
    ['a zero byte', { identity: 'a\0b' }],
    ['half a character', { sub: 'a\ud800' }],
  ])('is no token: %s', async (_, claims) => {
    const rig = await rigOf({ units: [1] });
    expect(slugOf(await rig.redeem(await rig.token(claims)))).toBe('token-invalid');
  });
});
