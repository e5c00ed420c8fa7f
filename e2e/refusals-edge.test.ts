import { newId } from '@fairgate/shared/ids.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Standing } from './support/edge-client.ts';
import { type Fixture, openDoors, openSale } from './support/fixtures.ts';
import type { CallOptions } from './support/http.ts';
import { expectProblem, mistakePaths } from './support/problem.ts';
import { type SharedStack, sharedStack } from './support/stack.ts';
import { waitFor } from './support/wait.ts';

let stack: SharedStack;
let sale: Fixture;
let place: string;
let standing: Standing;
beforeAll(async () => {
  stack = await sharedStack();
  const room = { ...openDoors, admitPerMinute: 0 };
  sale = await openSale(stack.control, stack.edge, { units: 5, room });
  place = `/api/sales/${sale.saleId}/place`;
  standing = await stack.edge.join(sale.saleId);
});
afterAll(() => stack?.close());

/** The refused request left no trace in the room. */
async function expectNothingDone(): Promise<void> {
  const { joinedTotal, waiting, admittedTotal } = await stack.control.figures(sale.saleId);
  expect({ joinedTotal, waiting, admittedTotal }).toEqual({
    joinedTotal: 1,
    waiting: 1,
    admittedTotal: 0,
  });
}

describe('the edge refuses', () => {
  test('sales that are unknown, by each of its calls', async () => {
    const { raw } = stack.edge;
    const bearer = standing.ticket;
    for (const id of [newId('sale'), 'nonsense', 'sale_', '%F0%9F%8E%AB', '..%2F..%2Fetc']) {
      const base = `/api/sales/${id}`;
      const calls: [string, CallOptions][] = [
        [base, {}],
        [`${base}/challenge`, {}],
        [`${base}/place`, { method: 'POST', json: {} }],
        [`${base}/place`, { bearer }],
        [`${base}/place`, {}],
        [`${base}/place/token`, { method: 'POST', bearer }],
        [`${base}/place`, { method: 'DELETE', bearer }],
      ];
      for (const [path, options] of calls) expectProblem(await raw(path, options), 'not-found');
    }
    await expectNothingDone();
  });

  test('bodies of the wrong type, naming what is wrong, and joins nobody', async () => {
    const post = (options: CallOptions) => stack.edge.raw(place, { method: 'POST', ...options });
    const wrong: [unknown, string][] = [
      [{ email: 5 }, 'email'],
      [{ email: 'not an address' }, 'email'],
      [{ language: { a: 1 } }, 'language'],
      [{ publicKey: 'text' }, 'publicKey'],
      [{ challenge: 7 }, 'challenge'],
      [{ pass: null }, 'pass'],
    ];
    for (const [json, path] of wrong) {
      const document = expectProblem(await post({ json }), 'invalid-request');
      expect(mistakePaths(document).map((it) => it.split('.')[0])).toContain(path);
    }
    for (const json of [[], 'text', 5, null, true]) {
      const document = expectProblem(await post({ json }), 'invalid-request');
      expect(mistakePaths(document)).not.toEqual([]);
    }
    const headers = { 'content-type': 'application/json' };
    for (const body of ['{', '{"email":', 'ticket', '\u0000']) {
      expectProblem(await post({ body, headers }), 'invalid-request');
    }
    await expectNothingDone();
  });

  test('content types that are not JSON, and bodies that are too large', async () => {
    const post = (options: CallOptions) => stack.edge.raw(place, { method: 'POST', ...options });
    for (const type of ['text/plain', 'application/xml', 'multipart/form-data; boundary=x']) {
      const answer = await post({ body: '{}', headers: { 'content-type': type } });
      expectProblem(answer, 'unsupported-media-type');
    }
    const large = { pass: 'x'.repeat(70_000) };
    expectProblem(await post({ json: large }), 'payload-too-large');
    expectProblem(
      await stack.edge.raw('/v1/redemptions', { method: 'POST', json: large }),
      'payload-too-large',
    );
    await expectNothingDone();
  });

  test('tickets that are missing, malformed, forged, or of another sale', async () => {
    const other = await openSale(stack.control, stack.edge, { units: 1 });
    const foreign = (await stack.edge.join(other.saleId)).ticket;
    const [head = '', body = '', signature = ''] = standing.ticket.split('.');
    const claims = JSON.parse(Buffer.from(body, 'base64url').toString());
    const ahead = Buffer.from(JSON.stringify({ ...claims, number: 1, sub: 'x'.repeat(22) }));
    const unsigned = Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url');
    const forged = [
      'x',
      'a.b.c',
      `${head}.${ahead.toString('base64url')}.${signature}`,
      `${head}.${body}.${signature.slice(0, -4)}AAAA`,
      `${unsigned}.${body}.`,
      foreign,
    ];
    const calls: [string, string][] = [
      ['GET', place],
      ['POST', `${place}/token`],
      ['DELETE', place],
    ];
    for (const [method, path] of calls) {
      expectProblem(await stack.edge.raw(path, { method }), 'unauthorized');
      const basic = { authorization: 'Basic dXNlcjpwYXNz' };
      expectProblem(await stack.edge.raw(path, { method, headers: basic }), 'unauthorized');
      for (const bearer of forged) {
        expectProblem(await stack.edge.raw(path, { method, bearer }), 'token-invalid');
      }
    }
    const { number } = await stack.edge.poll(sale.saleId, standing.ticket);
    expect(number).toBe(standing.place.number);
    await expectNothingDone();
  });

  test('purchase tokens before the turn, and after the place was left', async () => {
    const path = `${place}/token`;
    const early = await stack.edge.raw(path, { method: 'POST', bearer: standing.ticket });
    expectProblem(early, 'not-admitted');
    const other = await openSale(stack.control, stack.edge, { units: 5 });
    const { ticket } = await stack.edge.join(other.saleId);
    await stack.edge.leave(other.saleId, ticket);
    const late = await stack.edge.raw(`/api/sales/${other.saleId}/place/token`, {
      method: 'POST',
      bearer: ticket,
    });
    expectProblem(late, 'place-expired');
  });

  test('joining before the lobby opens', async () => {
    const productId = await stack.control.createProduct({
      name: 'Later',
      stock: 1,
      priceMinor: 100,
      currency: 'EUR',
    });
    const saleId = await stack.control.createSale({
      name: 'Later',
      productIds: [productId],
      startsAt: new Date(Date.now() + 3_600_000).toISOString(),
      publish: true,
      room: { lobbySeconds: 60 },
    });
    await waitFor('the sale being public', 3, async () => {
      return (await stack.edge.sale(saleId)).state === 'scheduled';
    });
    const answer = await stack.edge.raw(`/api/sales/${saleId}/place`, { method: 'POST', json: {} });
    expectProblem(answer, 'sale-not-open');
    expect((await stack.control.figures(saleId)).joinedTotal).toBe(0);
  });
});

describe('the edge refuses', () => {
  test('methods that an address does not have, naming those that it has', async () => {
    const calls: [string, string, string][] = [
      ['PUT', place, 'POST'],
      ['PATCH', place, 'DELETE'],
      ['GET', `${place}/token`, 'POST'],
      ['POST', '/api/sales', 'GET'],
      ['DELETE', `/api/sales/${sale.saleId}`, 'GET'],
      ['POST', '/.well-known/jwks.json', 'GET'],
    ];
    for (const [method, path, allowed] of calls) {
      const answer = await stack.edge.raw(path, { method });
      expectProblem(answer, 'method-not-allowed');
      expect(answer.headers.get('allow')).toContain(allowed);
    }
    await expectNothingDone();
  });

  test('addresses that do not exist, or are for the inside', async () => {
    for (const path of [
      '/api',
      '/api/nothing',
      '/v1/sales',
      '/v1/products',
      '/metrics',
      '/readyz',
    ]) {
      expectProblem(await stack.edge.raw(path), 'not-found');
    }
    for (const method of ['POST', 'PUT', 'DELETE']) {
      expectProblem(await stack.edge.raw('/v1/redemptions/../sales', { method }), 'not-found');
    }
  });

  test('requests that another origin makes a browser send', async () => {
    const headers = { origin: 'https://evil.example' };
    const { ticket: bearer } = standing;
    const cookie = { ...headers, cookie: `fg_place_${sale.saleId}=${bearer}` };
    const calls: [string, CallOptions][] = [
      [place, { method: 'POST', json: {}, headers }],
      [place, { headers: cookie }],
      [`${place}/token`, { method: 'POST', headers: cookie }],
      [place, { method: 'DELETE', headers: cookie }],
      [`/sales/${sale.saleId}/leave`, { method: 'POST', headers: cookie }],
    ];
    for (const [path, options] of calls) {
      expectProblem(await stack.edge.raw(path, options), 'forbidden');
    }
    const own = { origin: stack.info().edgeUrl };
    expect((await stack.edge.raw(place, { bearer, headers: own })).status).toBe(200);
    // Cookies do not count beside a ticket.
    expect((await stack.edge.raw(place, { bearer, headers })).status).toBe(200);
    await expectNothingDone();
  });

  test('queries that it cannot read', async () => {
    for (const query of [
      'limit=0',
      'limit=-1',
      'limit=abc',
      'limit=1.5',
      'cursor=%00',
      'cursor=',
    ]) {
      expectProblem(await stack.edge.raw(`/api/sales?${query}`), 'invalid-request');
    }
  });

  test('no well-formed request id, and answers with one of its own instead of a bad one', async () => {
    const own = 'test-request-0001';
    const kept = await stack.edge.raw('/api/nothing', { headers: { 'x-request-id': own } });
    expect(kept.headers.get('x-request-id')).toBe(own);
    const bad = await stack.edge.raw('/api/nothing', { headers: { 'x-request-id': '<script>' } });
    expect(bad.headers.get('x-request-id')).not.toContain('<');
    expect(bad.headers.get('x-request-id')?.length).toBeGreaterThan(8);
  });
});
