import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import express from 'express';
import { Hono } from 'hono';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeProof } from '../token/proof-maker.ts';
import { honoPurchase } from './hono.ts';
import { nodePurchase, purchaseOf } from './node.ts';
import { signingFixture } from './signing-fixture.ts';
import { type PurchaseVerifier, purchaseVerifier } from './verifier.ts';

/** One checkout of each kind: `POST /shop/buy` answers whose purchase it is. */
const kinds: Record<string, (verify: PurchaseVerifier) => RequestListener> = {
  hono: (verify) => {
    const shop = new Hono().post('/buy', honoPurchase(verify), (c) =>
      c.json({ visitor: c.var.purchase.claims.sub }),
    );
    return getRequestListener(new Hono().route('/shop', shop).fetch);
  },
  'node:http': (verify) => {
    const purchase = nodePurchase(verify);
    return (request, response) =>
      void purchase(request, response, () => {
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify({ visitor: purchaseOf(request).claims.sub }));
      });
  },
  express: (verify) => {
    const shop = express.Router();
    shop.post('/buy', nodePurchase(verify), (request, response) => {
      response.json({ visitor: purchaseOf(request).claims.sub });
    });
    return express().use('/shop', shop);
  },
};

describe.each(Object.entries(kinds))('a checkout on %s', (_, listenerOf) => {
  let signing: Awaited<ReturnType<typeof signingFixture>>;
  let server: Server;
  let origin: string;
  beforeAll(async () => {
    signing = await signingFixture();
    const origins: string[] = [];
    server = createServer(listenerOf(purchaseVerifier({ keys: signing.keys, origins })));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    origins.push(origin);
  });
  afterAll(() => {
    server.close();
    server.closeAllConnections();
  });
  const buy = (headers: Record<string, string> = {}) =>
    fetch(`${origin}/shop/buy?from=app`, { method: 'POST', headers });

  it('lets on whoever shows a good token', async () => {
    const answer = await buy({ authorization: `Bearer ${await signing.token({ sub: 'ann' })}` });
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({ visitor: 'ann' });
  });

  it('lets on a bound token with its proof, by the whole path, and not a second time', async () => {
    const token = await signing.token(signing.boundTo);
    const dpop = makeProof(signing.shopper, { method: 'POST', url: `${origin}/shop/buy`, token });
    expect((await buy({ authorization: `DPoP ${token}`, dpop })).status).toBe(200);
    const again = await buy({ authorization: `DPoP ${token}`, dpop });
    expect(again.status).toBe(401);
    expect(again.headers.get('www-authenticate')).toContain('error="invalid_dpop_proof"');
    expect(await again.json()).toMatchObject({ type: 'urn:fairgate:problem:proof-invalid' });
  });

  it.each([
    ['nothing', () => ({}), 'unauthorized', 'Bearer, DPoP algs='],
    ['another token', () => ({ authorization: 'Bearer x' }), 'token-invalid', 'invalid_token'],
  ])(
    'answers 401 problem+json with WWW-Authenticate to %s',
    async (_, headers, slug, challenge) => {
      const answer = await buy(headers());
      expect(answer.status).toBe(401);
      expect(answer.headers.get('content-type')).toBe('application/problem+json');
      expect(answer.headers.get('www-authenticate')).toContain(challenge);
      expect(await answer.json()).toMatchObject({
        type: `urn:fairgate:problem:${slug}`,
        status: 401,
      });
    },
  );
});
