import { newId } from '@fairgate/shared/ids.ts';
import { decodeProtectedHeader, generateKeyPair, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cards } from './support/checkout-client.ts';
import { claimsOf, newToken } from './support/edge-client.ts';
import { type Fixture, openDoors, openSale } from './support/fixtures.ts';
import type { CallOptions } from './support/http.ts';
import { expectProblem, mistakePaths } from './support/problem.ts';
import type { RedemptionAnswer } from './support/shapes.ts';
import { type SharedStack, sharedStack } from './support/stack.ts';
import { waitFor } from './support/wait.ts';

let stack: SharedStack;
let sale: Fixture;
let token: string;
beforeAll(async () => {
  stack = await sharedStack();
  const room = { ...openDoors, maxUnitsPerShopper: 2 };
  sale = await openSale(stack.control, stack.edge, { units: 10, room });
  token = await newToken(stack.edge, sale.saleId);
});
afterAll(() => stack?.close());

const redemptions = '/v1/redemptions';

function body(quantity: unknown = 1): { items: { productId: string; quantity: unknown }[] } {
  return { items: [{ productId: sale.productId, quantity }] };
}

/** Through the edge and straight to an instance: the answers are the same. */
function doors() {
  return [stack.checkout, stack.instances[0]] as const;
}

async function expectNothingTaken(): Promise<void> {
  expect(await stack.addsUp(sale)).toMatchObject({ free: 10, held: 0, sold: 0, orders: 0 });
}

describe('the checkout refuses to redeem', () => {
  test('without a token, or with one that is not ours', async () => {
    const { publicKey, privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519' });
    expect(publicKey).toBeDefined();
    const { kid } = decodeProtectedHeader(token);
    const claims = claimsOf(token);
    const foreign = (header: { alg: string; typ: string; kid?: string }) =>
      new SignJWT(claims).setProtectedHeader(header).sign(privateKey);
    const [head = '', payload = '', signature = ''] = token.split('.');
    const greedy = Buffer.from(JSON.stringify({ ...claims, max: 100 })).toString('base64url');
    const unsigned = Buffer.from('{"alg":"none","typ":"purchase+jwt"}').toString('base64url');
    const { ticket } = await stack.edge.join(sale.saleId);
    const forged = [
      'x',
      'a.b.c',
      `${head}.${greedy}.${signature}`,
      `${unsigned}.${payload}.`,
      await foreign({ alg: 'EdDSA', typ: 'purchase+jwt', kid: kid ?? '' }),
      await foreign({ alg: 'EdDSA', typ: 'purchase+jwt' }),
      await foreign({ alg: 'EdDSA', typ: 'purchase+jwt', kid: 'unknown' }),
      ticket,
    ];
    for (const door of doors()) {
      const post = (options: CallOptions) =>
        door.raw(redemptions, { method: 'POST', json: body(), ...options });
      expectProblem(await post({}), 'unauthorized');
      expectProblem(await post({ headers: { authorization: 'Basic eA==' } }), 'unauthorized');
      for (const bearer of forged) expectProblem(await post({ bearer }), 'token-invalid');
    }
    await expectNothingTaken();
  });

  test('bodies that it cannot read, and the token stays unspent', async () => {
    const wrong: unknown[] = [
      {},
      [],
      'text',
      { items: [] },
      { items: 'all' },
      { items: [{ productId: sale.productId }] },
      { items: [{ quantity: 1 }] },
      body(0),
      body(-1),
      body(1.5),
      body('1'),
      body(1e9),
      { items: [{ productId: 5, quantity: 1 }] },
      { items: [{ productId: newId('prod'), quantity: 1 }] },
      { ...body(), email: 'not an address' },
      { ...body(), email: 5 },
    ];
    const badSlugs = /problem:(invalid-request|quantity-exceeded|not-found)/;
    for (const door of doors()) {
      const post = (options: CallOptions) =>
        door.raw(redemptions, { method: 'POST', bearer: token, ...options });
      for (const json of wrong) {
        const answer = await post({ json });
        expect(`${JSON.stringify(json)} ${answer.status} ${answer.text}`).toMatch(badSlugs);
        const slug = answer.status === 400 ? 'invalid-request' : 'quantity-exceeded';
        const document = expectProblem(answer, slug);
        if (slug === 'invalid-request') expect(mistakePaths(document)).not.toEqual([]);
      }
      const headers = { 'content-type': 'application/json' };
      expectProblem(await post({ body: '{"items":', headers }), 'invalid-request');
      const plain = { 'content-type': 'text/plain' };
      expectProblem(
        await post({ body: JSON.stringify(body()), headers: plain }),
        'unsupported-media-type',
      );
      const huge = { ...body(), note: 'x'.repeat(70_000) };
      expectProblem(await post({ json: huge }), 'payload-too-large');
    }
    await expectNothingTaken();
  });

  test('more units than the token may buy, and then sells what it may', async () => {
    const { productId } = sale;
    const own = await newToken(stack.edge, sale.saleId);
    for (const door of doors()) {
      const answer = await door.tryRedeem({ token: own, productId, quantity: 3 });
      expectProblem(answer, 'quantity-exceeded');
    }
    await expectNothingTaken();
    const { order, orderKey } = await stack.checkout.redeem({ token: own, productId, quantity: 2 });
    expect(order.items[0]?.units).toHaveLength(2);
    await stack.checkout.cancel(order.id, orderKey);
  });

  test('products of another sale: the token is none for them', async () => {
    const other = await openSale(stack.control, stack.edge, { units: 3 });
    const answer = await stack.checkout.tryRedeem({ token, productId: other.productId });
    expectProblem(answer, 'token-invalid');
    const nowhere = await stack.checkout.tryRedeem({ token, productId: 'prod_nowhere' });
    expectProblem(nowhere, 'invalid-request');
    expect(await stack.addsUp(other)).toMatchObject({ free: 3, orders: 0 });
  });

  test('tokens whose time is over', async () => {
    const room = { ...openDoors, tokenSeconds: 5 };
    const short = await openSale(stack.control, stack.edge, { units: 3, room });
    const late = await newToken(stack.edge, short.saleId);
    const { exp } = claimsOf(late);
    await waitFor('the token running out', 10, () => Date.now() > exp * 1_000 + 100);
    for (const door of doors()) {
      const answer = await door.tryRedeem({ token: late, productId: short.productId });
      expectProblem(answer, 'token-expired');
    }
    expect(await stack.addsUp(short)).toMatchObject({ free: 3, orders: 0 });
  });
});

describe('the checkout refuses', () => {
  let mine: RedemptionAnswer;
  let theirs: RedemptionAnswer;
  beforeAll(async () => {
    const own = await openSale(stack.control, stack.edge, { units: 4 });
    const { productId, saleId } = own;
    const tokens = [
      await newToken(stack.edge, saleId),
      await newToken(stack.edge, saleId),
    ] as const;
    mine = await stack.checkout.redeem({ token: tokens[0], productId });
    theirs = await stack.checkout.redeem({ token: tokens[1], productId });
  });

  test('to show or change an order without its own key', async () => {
    const path = `/v1/orders/${mine.order.id}`;
    const calls: [string, CallOptions][] = [
      [path, {}],
      [`${path}/events`, {}],
      [`${path}/cancel`, { method: 'POST' }],
      [`${path}/extend`, { method: 'POST' }],
      [`${path}/payments`, { method: 'POST', json: { provider: 'sandbox', card: cards.pays } }],
    ];
    for (const door of doors()) {
      for (const [address, options] of calls) {
        expectProblem(await door.raw(address, options), 'unauthorized');
        for (const bearer of [theirs.orderKey, 'x', token]) {
          const answer = await door.raw(address, { ...options, bearer });
          expect([401, 403, 404]).toContain(answer.status);
          expect(answer.text).toMatch(/problem:(unauthorized|forbidden|not-found)/);
        }
      }
    }
    expect(await stack.checkout.order(mine.order.id, mine.orderKey)).toEqual(mine.order);
  });

  test('orders that do not exist, methods and addresses that it has not', async () => {
    const bearer = mine.orderKey;
    for (const door of doors()) {
      for (const id of [newId('ord'), 'nonsense']) {
        const answer = await door.raw(`/v1/orders/${id}`, { bearer });
        expect(answer.text).toMatch(/problem:(unauthorized|not-found)/);
      }
      for (const [method, path] of [
        ['GET', redemptions],
        ['PUT', redemptions],
        ['DELETE', `/v1/orders/${mine.order.id}`],
        ['GET', `/v1/orders/${mine.order.id}/payments`],
        ['GET', '/webhooks/sandbox'],
      ] as const) {
        const answer = await door.raw(path, { method, bearer });
        expectProblem(answer, 'method-not-allowed');
        expect(answer.headers.get('allow')).toBeTruthy();
      }
      expectProblem(await door.raw('/v1/orders/a/b/c', { bearer }), 'not-found');
    }
  });

  test('payments that it cannot read, and the order stays as it is', async () => {
    const { order, orderKey } = mine;
    const path = `/v1/orders/${order.id}/payments`;
    const wrong: unknown[] = [
      {},
      { provider: 'sandbox' },
      { provider: 'sandbox', card: 4242 },
      { provider: 'sandbox', card: 'not a card' },
      { provider: 'pigeon', card: cards.pays },
      { provider: 5 },
      [],
    ];
    for (const door of doors()) {
      for (const json of wrong) {
        const answer = await door.raw(path, { method: 'POST', bearer: orderKey, json });
        const document = expectProblem(answer, 'invalid-request');
        expect(mistakePaths(document)).not.toEqual([]);
        expect(answer.text).not.toContain(cards.pays);
      }
      const plain = { body: 'card=4242424242424242', headers: { 'content-type': 'text/plain' } };
      const answer = await door.raw(path, { method: 'POST', bearer: orderKey, ...plain });
      expectProblem(answer, 'unsupported-media-type');
    }
    expect(await stack.checkout.order(order.id, orderKey)).toEqual(order);
    const rows = await stack.sql`select 1 from payments where order_id = ${order.id}`;
    expect(rows).toHaveLength(0);
  });

  test('webhooks that the provider did not sign', async () => {
    const { order, orderKey } = mine;
    const event = { id: 'evt_forged', type: 'payment.succeeded', orderId: order.id };
    const signatures: Record<string, string>[] = [
      {},
      { 'fairgate-sandbox-signature': 't=1,v1=00' },
      { 'x-sandbox-signature': 'sha256=00', signature: 'x' },
    ];
    for (const door of doors()) {
      for (const headers of signatures) {
        const call = { method: 'POST', json: event, headers };
        const answer = await door.raw('/webhooks/sandbox', call);
        expect([400, 401, 403]).toContain(answer.status);
        expect(answer.text).toMatch(/problem:(invalid-request|unauthorized|forbidden)/);
      }
      const unknown = await door.raw('/webhooks/pigeon', { method: 'POST', json: event });
      expectProblem(unknown, 'not-found');
    }
    expect(await stack.checkout.order(order.id, orderKey)).toEqual(order);
  });

  test('requests that another origin makes a browser send', async () => {
    const { order, orderKey } = mine;
    const headers = { origin: 'https://evil.example' };
    const cookie = `fg_order_${order.id}=${orderKey}`;
    for (const door of doors()) {
      const answer = await door.raw(`/v1/orders/${order.id}/cancel`, {
        method: 'POST',
        headers: { ...headers, cookie },
      });
      expectProblem(answer, 'forbidden');
    }
    expect((await stack.checkout.order(order.id, orderKey)).state).toBe('awaiting_payment');
  });
});
