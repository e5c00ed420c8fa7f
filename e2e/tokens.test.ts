import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buy, cards } from './support/checkout-client.ts';
import { claimsOf, tokenWhenAdmitted } from './support/edge-client.ts';
import { openSale } from './support/fixtures.ts';
import { answered } from './support/http.ts';
import { expectProblem } from './support/problem.ts';
import { joinShape } from './support/shapes.ts';
import { type SharedStack, sharedStack } from './support/stack.ts';
import { waitFor } from './support/wait.ts';

let stack: SharedStack;
beforeAll(async () => {
  stack = await sharedStack();
});
afterAll(() => stack?.close());

test('a purchase token is an Ed25519 JWT that the public keys verify, the same each time', async () => {
  const { edge, control } = stack;
  const { saleId } = await openSale(control, edge, { units: 3 });
  const standing = await edge.join(saleId);
  await tokenWhenAdmitted(edge, saleId, standing.ticket);
  const first = await edge.takeToken(saleId, standing.ticket);
  const again = await edge.takeToken(saleId, standing.ticket);
  expect(claimsOf(again.token).jti).toBe(claimsOf(first.token).jti);
  expect(again.expiresAt).toBe(first.expiresAt);
  expect(first.checkoutUrl).toBe(`${stack.info().edgeUrl}/checkout?sale=${saleId}`);

  const text = (await edge.raw('/.well-known/jwks.json')).text;
  const keys: JSONWebKeySet = JSON.parse(text);
  expect(keys.keys.length).toBeGreaterThan(0);
  for (const key of keys.keys) expect(Object.keys(key)).not.toContain('d');
  const { payload, protectedHeader } = await jwtVerify(first.token, createLocalJWKSet(keys), {
    audience: 'fairgate-checkout',
    algorithms: ['EdDSA'],
    typ: 'purchase+jwt',
  });
  expect(protectedHeader.kid).toBe(keys.keys[0]?.kid);
  expect(payload).toMatchObject({ sale: saleId, number: standing.place.number, max: 1 });
  expect(payload.exp).toBe(Date.parse(first.expiresAt) / 1_000);
  expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(600);
  const other = await edge.join(saleId);
  const token = await tokenWhenAdmitted(edge, saleId, other.ticket);
  expect(claimsOf(token).sub).not.toBe(payload.sub);
});

test('a browser is known by cookies that no script can read, and keeps its place by them', async () => {
  const { edge, control } = stack;
  const { saleId } = await openSale(control, edge, { units: 3 });
  const path = `/api/sales/${saleId}/place`;
  const joined = await edge.raw(path, { method: 'POST', json: {} });
  const { place } = answered(joined, 201, joinShape);
  const set = joined.headers.getSetCookie();
  expect(set).toHaveLength(2);
  for (const cookie of set) expect(cookie).toMatch(/; ?HttpOnly.*; ?SameSite=Lax/i);
  const cookie = set.map((it) => it.split(';')[0]).join('; ');
  const again = await edge.raw(path, { method: 'POST', json: {}, headers: { cookie } });
  expect(answered(again, 200, joinShape).place.number).toBe(place.number);
  const polled = await edge.raw(path, { headers: { cookie } });
  expect(polled.status).toBe(200);
  expect(JSON.parse(polled.text).place.number).toBe(place.number);
  // The visitor's own cookie alone is enough: another tab, or a lost ticket, is no second place.
  const visitor = set.find((it) => it.startsWith('fg_visitor='))?.split(';')[0] ?? '';
  const tab = await edge.raw(path, { method: 'POST', json: {}, headers: { cookie: visitor } });
  expect(answered(tab, 200, joinShape).place.number).toBe(place.number);
  expect((await control.figures(saleId)).joinedTotal).toBe(1);

  // Forged cookies are nobody's: whoever sends one is a new visitor.
  const forged = { cookie: visitor.replace(/.{6}$/, 'AAAAAA') };
  const stranger = await edge.raw(path, { method: 'POST', json: {}, headers: forged });
  expect(answered(stranger, 201, joinShape).place.number).not.toBe(place.number);
});

test('nothing that opens a door is written to the logs', async () => {
  const { edge, control, checkout } = stack;
  const sale = await openSale(control, edge, { units: 2 });
  const { ticket } = await edge.join(sale.saleId);
  const token = await tokenWhenAdmitted(edge, sale.saleId, ticket);
  const email = `unlogged-${sale.saleId}@example.com`;
  const purchase = { token, productId: sale.productId, email };
  const { order, orderKey } = await buy(checkout, purchase);
  const marked = { 'x-request-id': `marked-${sale.saleId}` };
  const refused = await checkout.raw('/webhooks/sandbox', {
    method: 'POST',
    json: { card: cards.pays },
    headers: marked,
  });
  expectProblem(refused, 'unauthorized');
  const logs = () =>
    readdirSync(stack.logFolder)
      .map((name) => readFileSync(join(stack.logFolder, name), 'utf8'))
      .join('\n');
  // The refusal above is logged, so these are the logs, and they are written.
  await waitFor('the log of the refusal', 5, () => logs().includes('a webhook was not genuine'));
  const written = logs();
  const { adminKey } = stack.info();
  const secrets = { ticket, token, orderKey, email, adminKey, card: cards.pays };
  for (const [name, secret] of Object.entries(secrets)) {
    expect({ name, isLogged: written.includes(secret) }).toEqual({ name, isLogged: false });
  }
  expect(order.state).toBe('paid');
});
