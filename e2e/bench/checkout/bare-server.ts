import { verifyProof } from '@fairgate/shared/token/dpop.ts';
import { publicJwks } from '@fairgate/shared/token/jwks.ts';
import { verifyPurchaseToken } from '@fairgate/shared/token/purchase.ts';
import { createAdaptorServer } from '@hono/node-server';
import { Hono } from 'hono';
import { createLocalJWKSet } from 'jose';

// Variant (b) of `npm run bench:checkout`: a server that checks the two signatures of a redemption,
// by the same functions as the checkout, and does nothing else. Arguments: port, key set, origin.

const [port = '0', jwks = '', origin = ''] = process.argv.slice(2);
const keys = createLocalJWKSet(publicJwks(jwks));
const app = new Hono();

app.get('/readyz', (c) => c.text('ready'));
app.post('/v1/redemptions', async (c) => {
  const [scheme, token = ''] = (c.req.header('authorization') ?? '').split(' ');
  const nowMs = Date.now();
  const verdict = await verifyPurchaseToken(token, keys, nowMs);
  if (verdict.kind !== 'valid') return c.json({ refused: verdict.kind }, 401);
  if (scheme === 'DPoP') {
    const jkt = verdict.claims.cnf?.jkt ?? '';
    const expected = { method: 'POST', path: c.req.path, origins: [origin], token, jkt, nowMs };
    const proof = verifyProof(c.req.header('dpop') ?? '', expected);
    if (proof.kind !== 'valid') return c.json({ refused: proof.fault.why }, 401);
  }
  return c.json({ jti: verdict.claims.jti }, 201);
});

createAdaptorServer({ fetch: app.fetch }).listen(Number(port), '127.0.0.1');
