import { hashedName } from '@fairgate/shared/pages/asset.ts';
import { makeProof } from '@fairgate/shared/token/proof-maker.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { rawGet, sendRaw } from './support/balancer.ts';
import { newBoundToken } from './support/bound-shopper.ts';
import { openDoors, openSale } from './support/fixtures.ts';
import { call } from './support/http.ts';
import { expectProblem } from './support/problem.ts';
import { type SharedStack, sharedStack } from './support/stack.ts';

// What is refused before any app sees it: by the real nginx, by a checkout or queue service behind it.

let stack: SharedStack;
beforeAll(async () => {
  stack = await sharedStack();
});
afterAll(() => stack?.close());

const ports = () => {
  const { checkoutUrl, controlUrl, processes } = stack.info();
  const instance = processes.find(({ name }) => name === 'checkout-1')?.url ?? '';
  return [checkoutUrl, instance, controlUrl].map((url) => Number(new URL(url).port));
};
const repeated = (count: number, bytes: number) =>
  Array.from({ length: count }, (_, i) => `X-${i}: ${'x'.repeat(bytes)}`);

test('what nobody can read is refused as a problem document, by nginx, a checkout and the queue service', async () => {
  for (const port of ports()) {
    for (const text of [
      'nonsense\r\n\r\n',
      'GET /docs HTTP/1.1\r\nHost: %zz\r\nConnection: close\r\n\r\n',
      rawGet('/docs', ...repeated(8, 7_000)),
      rawGet('/docs', 'X-Odd: a\x01b', 'Content-Length: x'),
    ]) {
      expectProblem(await sendRaw(port, text), 'invalid-request');
    }
  }
});

test('headers that nginx lets through are read by the checkouts too', async () => {
  const [port = 0] = ports();
  for (const headers of [repeated(3, 7_000), repeated(150, 10), repeated(900, 1)]) {
    expect((await sendRaw(port, rawGet('/docs', ...headers))).status).toBe(200);
  }
});

test('a method that HTTP does not know is refused by nginx, one that is not offered by the checkout', async () => {
  const [port = 0] = ports();
  const by = (method: string) => sendRaw(port, rawGet('/docs').replace('GET', method));
  expectProblem(await by('FOO'), 'method-not-allowed');
  const known = await by('DELETE');
  expectProblem(known, 'method-not-allowed');
  expect(known.headers.get('allow')).toContain('GET');
});

test('a redemption with more than one proof is refused at every door, an empty one before it included', async () => {
  const { checkoutUrl, edgeUrl } = stack.info();
  const sale = await openSale(stack.control, stack.edge, { units: 1, room: openDoors });
  const { token, key } = await newBoundToken(stack.edge, edgeUrl, sale.saleId);
  const proof = () => makeProof(key, { method: 'POST', url: `${edgeUrl}/v1/redemptions`, token });
  const body = JSON.stringify({ items: [{ productId: sale.productId, quantity: 1 }] });
  const doors = [...ports().slice(0, 2), Number(new URL(edgeUrl).port)];
  for (const port of doors) {
    for (const proofs of [
      ['', proof()],
      [proof(), ''],
      [proof(), proof()],
    ]) {
      const head = rawGet('/v1/redemptions', ...proofs.map((one) => `DPoP: ${one}`))
        .replace('GET', 'POST')
        .replace('shop.example', new URL(checkoutUrl).host)
        .trimEnd();
      const more = ['Content-Type: application/json', `Content-Length: ${body.length}`];
      const text = [head, `Authorization: DPoP ${token}`, ...more, '', body].join('\r\n');
      expectProblem(await sendRaw(port, text), 'proof-invalid');
    }
  }
  expect(await stack.addsUp(sale)).toMatchObject({ orders: 0, free: 1 });
});

test('a shopper with places in many sales gets to the checkout', async () => {
  const { edgeUrl } = stack.info();
  const sale = await openSale(stack.control, stack.edge, { units: 1 });
  const { ticket } = await stack.edge.join(sale.saleId);
  const places = Array.from({ length: 25 }, (_, i) => `fg_place_${i}${sale.saleId}=${ticket}`);
  expect(places.join('; ').length).toBeGreaterThan(8_192);
  const headers = { cookie: places.join('; ') };
  expect((await call(`${edgeUrl}/checkout?sale=${sale.saleId}`, { headers })).status).toBe(200);
});

test('conditions that a static file does not meet are refused as a problem document', async () => {
  const [port = 0] = ports();
  const { text } = await call(`${stack.info().edgeUrl}/checkout/assets/checkout.js`);
  // Under the name with its hash the balancer keeps it.
  const file = `/checkout/assets/${hashedName('checkout.js', text)}`;
  expect((await sendRaw(port, rawGet(file))).status).toBe(200);
  for (const header of [
    'If-Match: "another"',
    'If-Unmodified-Since: Mon, 01 Jan 2001 00:00:00 GMT',
  ]) {
    expectProblem(await sendRaw(port, rawGet(file, header)), 'invalid-request');
  }
});
