import { newId } from '@fairgate/shared/ids.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Fixture, openSale } from './support/fixtures.ts';
import { type CallOptions, call } from './support/http.ts';
import { expectProblem, mistakePaths } from './support/problem.ts';
import { type SharedStack, sharedStack } from './support/stack.ts';

let stack: SharedStack;
let sale: Fixture;
beforeAll(async () => {
  stack = await sharedStack();
  sale = await openSale(stack.control, stack.edge, { units: 5 });
});
afterAll(() => stack?.close());

const post = (path: string, json: unknown) => stack.control.raw(path, { method: 'POST', json });
const patch = (path: string, json: unknown) => stack.control.raw(path, { method: 'PATCH', json });

const thing = { name: 'Thing', stock: 1, priceMinor: 100, currency: 'EUR' };

async function counts(): Promise<unknown> {
  const [row] = await stack.sql`
    select (select count(*) from products) as products, (select count(*) from sales) as sales,
      (select count(*) from units) as units, (select count(*) from api_keys) as keys`;
  return row;
}

describe('the control API refuses', () => {
  test('whoever has no key, a wrong one, or one of too low a role', async () => {
    const { controlUrl } = stack.info();
    const before = await counts();
    const calls: [string, CallOptions][] = [
      ['/v1/products', { method: 'POST', json: thing }],
      ['/v1/products', {}],
      [`/v1/sales/${sale.saleId}`, {}],
      [`/v1/sales/${sale.saleId}/room`, { method: 'PATCH', json: { maxActive: 1 } }],
      [`/v1/sales/${sale.saleId}/close`, { method: 'POST' }],
      [`/v1/sales/${sale.saleId}/summary`, {}],
      ['/v1/orders', {}],
      ['/v1/api-keys', {}],
    ];
    for (const [path, options] of calls) {
      expectProblem(await call(`${controlUrl}${path}`, options), 'unauthorized');
      for (const bearer of ['x', 'fgk_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA']) {
        expectProblem(await call(`${controlUrl}${path}`, { ...options, bearer }), 'unauthorized');
      }
    }
    expect(await counts()).toEqual(before);

    const viewer = await stack.control.createApiKey('looks', 'viewer');
    const operator = await stack.control.createApiKey('runs', 'operator');
    const as = (bearer: string, path: string, options: CallOptions = {}) =>
      call(`${controlUrl}${path}`, { bearer, ...options });
    expect((await as(viewer, `/v1/sales/${sale.saleId}`)).status).toBe(200);
    const create = { method: 'POST', json: thing };
    expectProblem(await as(viewer, '/v1/products', create), 'forbidden');
    const close = `/v1/sales/${sale.saleId}/close`;
    expectProblem(await as(viewer, close, { method: 'POST' }), 'forbidden');
    const key = { method: 'POST', json: { name: 'more', role: 'admin' } };
    expectProblem(await as(viewer, '/v1/api-keys', key), 'forbidden');
    expectProblem(await as(operator, '/v1/api-keys', key), 'forbidden');
    expect((await stack.edge.sale(sale.saleId)).state).toBe('open');
  });

  test('products that cannot be, naming every mistake at once', async () => {
    const before = await counts();
    const good = thing;
    const wrong: [unknown, string[]][] = [
      [{}, ['name', 'priceMinor', 'currency', 'stock']],
      [{ ...good, priceMinor: -1, stock: -1 }, ['priceMinor', 'stock']],
      [{ ...good, priceMinor: 1.5 }, ['priceMinor']],
      [{ ...good, priceMinor: '100' }, ['priceMinor']],
      [{ ...good, currency: 'euro' }, ['currency']],
      [{ ...good, name: '' }, ['name']],
      [{ ...good, name: 'x'.repeat(5_000) }, ['name']],
      [{ ...good, stock: 1e12 }, ['stock']],
      [{ ...good, imageUrl: 'javascript:alert(1)' }, ['imageUrl']],
      [[], ['']],
    ];
    for (const [json, paths] of wrong) {
      const document = expectProblem(await post('/v1/products', json), 'invalid-request');
      expect(mistakePaths(document)).toEqual(expect.arrayContaining(paths));
    }
    expect(await counts()).toEqual(before);
  });

  test('sales that cannot be', async () => {
    const productId = await stack.control.createProduct(thing);
    const dollars = await stack.control.createProduct({ ...thing, currency: 'USD' });
    const before = await counts();
    const startsAt = new Date().toISOString();
    const good = { name: 'Sale', productIds: [productId], startsAt };
    const invalid: [unknown, string][] = [
      [{ ...good, productIds: [] }, 'productIds'],
      [{ ...good, productIds: productId }, 'productIds'],
      [{ ...good, productIds: [newId('prod')] }, 'productIds'],
      [{ ...good, startsAt: 'tomorrow' }, 'startsAt'],
      [{ ...good, startsAt: undefined }, 'startsAt'],
      [{ ...good, endsAt: '2001-01-01T00:00:00Z' }, 'endsAt'],
      [{ ...good, mode: 'auction' }, 'mode'],
      [{ ...good, room: { maxActive: 0 } }, 'room.maxActive'],
      [{ ...good, room: { unheardOf: 1 } }, 'room'],
      [{ ...good, productIds: [productId, dollars] }, 'productIds'],
    ];
    for (const [json, path] of invalid) {
      const answer = await post('/v1/sales', json);
      const document = expectProblem(answer, 'invalid-request');
      const where = mistakePaths(document).some((it) => it.startsWith(path));
      expect(`${where} ${path} ${answer.text}`).toMatch(/^true/);
    }
    const taken = await post('/v1/sales', { ...good, productIds: [sale.productId], publish: true });
    expectProblem(taken, 'conflict');
    expect(await counts()).toEqual(before);
  });

  test('room settings out of range, and changes none of them', async () => {
    const path = `/v1/sales/${sale.saleId}/room`;
    const { settings } = await stack.control.figures(sale.saleId);
    const wrong: [unknown, string][] = [
      [{ admitPerMinute: -1 }, 'admitPerMinute'],
      [{ admitPerMinute: 600_001 }, 'admitPerMinute'],
      [{ maxActive: 0 }, 'maxActive'],
      [{ tokenSeconds: 4 }, 'tokenSeconds'],
      [{ paySeconds: 9 }, 'paySeconds'],
      [{ abandonSeconds: '60' }, 'abandonSeconds'],
      [{ maxUnitsPerShopper: 101 }, 'maxUnitsPerShopper'],
      [{ guaranteeStock: 'yes' }, 'guaranteeStock'],
      [{ challenge: 'riddle' }, 'challenge'],
      [{ message: 5 }, 'message'],
      [{ message: 'good', maxActive: 1.5 }, 'maxActive'],
    ];
    for (const [json, at] of wrong) {
      const document = expectProblem(await patch(path, json), 'invalid-request');
      expect(mistakePaths(document)).toContain(at);
    }
    expectProblem(await patch(path, { openSesame: true }), 'invalid-request');
    expect((await stack.control.figures(sale.saleId)).settings).toEqual(settings);
  });

  test('things that do not exist, by each of its calls', async () => {
    const [saleId, productId] = [newId('sale'), newId('prod')];
    const calls: [string, string, unknown?][] = [
      ['GET', `/v1/sales/${saleId}`],
      ['PATCH', `/v1/sales/${saleId}`, { name: 'x' }],
      ['DELETE', `/v1/sales/${saleId}`],
      ['POST', `/v1/sales/${saleId}/publish`],
      ['POST', `/v1/sales/${saleId}/pause`],
      ['GET', `/v1/sales/${saleId}/room`],
      ['PATCH', `/v1/sales/${saleId}/room`, { maxActive: 5 }],
      ['GET', `/v1/sales/${saleId}/summary`],
      ['GET', '/v1/sales/nonsense'],
      ['GET', `/v1/products/${productId}`],
      ['POST', `/v1/products/${productId}/stock`, { add: 1 }],
      ['POST', `/v1/orders/${newId('ord')}/refund`],
      ['GET', '/v1/nothing'],
    ];
    for (const [method, path, json] of calls) {
      const options = { method, ...(json === undefined ? {} : { json }) };
      const answer = await stack.control.raw(path, options);
      expect(`${method} ${path} ${answer.status}`).toBe(`${method} ${path} 404`);
      expectProblem(answer, 'not-found');
    }
  });

  test('moves that a sale cannot make', async () => {
    const own = await openSale(stack.control, stack.edge, { units: 1 });
    const move = (verb: string) =>
      stack.control.raw(`/v1/sales/${own.saleId}/${verb}`, { method: 'POST' });
    // What is so already is no mistake: a state call may be sent twice.
    expect((await move('resume')).status).toBe(200);
    const draft = await stack.control.createSale({
      name: 'Draft',
      productIds: [await stack.control.createProduct({ ...thing, name: 'Draft' })],
      startsAt: new Date().toISOString(),
    });
    for (const verb of ['open', 'pause', 'resume', 'close']) {
      const path = `/v1/sales/${draft}/${verb}`;
      expectProblem(await stack.control.raw(path, { method: 'POST' }), 'conflict');
    }
    expect(await stack.control.move(own.saleId, 'close')).toBe('closed');
    for (const verb of ['open', 'pause', 'resume', 'publish']) {
      expectProblem(await move(verb), 'conflict');
    }
    expectProblem(await move('explode'), 'not-found');
  });

  test('wrong methods, content types, sizes and bodies that are no JSON', async () => {
    const before = await counts();
    for (const [method, path, allow] of [
      ['PUT', '/v1/products', 'POST'],
      ['GET', `/v1/sales/${sale.saleId}/pause`, 'POST'],
      ['DELETE', `/v1/sales/${sale.saleId}/room`, 'PATCH'],
      ['POST', `/v1/sales/${sale.saleId}/summary`, 'GET'],
    ] as const) {
      const answer = await stack.control.raw(path, { method });
      expectProblem(answer, 'method-not-allowed');
      expect(answer.headers.get('allow')).toContain(allow);
    }
    const raw = (body: string, type: string) =>
      stack.control.raw('/v1/products', {
        method: 'POST',
        body,
        headers: { 'content-type': type },
      });
    expectProblem(
      await raw('name=x', 'application/x-www-form-urlencoded'),
      'unsupported-media-type',
    );
    expectProblem(await raw('{"name":', 'application/json'), 'invalid-request');
    const huge = JSON.stringify({ name: 'x'.repeat(70_000) });
    expectProblem(await raw(huge, 'application/json'), 'payload-too-large');
    expectProblem(await stack.control.raw('/v1/sales?limit=zero'), 'invalid-request');
    expectProblem(await stack.control.raw('/v1/orders?state=lost'), 'invalid-request');
    expect(await counts()).toEqual(before);
  });
});
