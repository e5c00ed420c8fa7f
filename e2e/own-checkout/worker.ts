import { honoPurchase } from '@fairgate/shared/middleware/hono';
import { purchaseVerifier } from '@fairgate/shared/middleware/verifier';
import { Hono } from 'hono';

/** A checkout on Cloudflare Workers, as far as it verifies. */
type Env = { PUBLIC_ORIGIN: string; JWKS_URL: string };

function checkout({ PUBLIC_ORIGIN, JWKS_URL }: Env) {
  const verify = purchaseVerifier({ jwksUrl: JWKS_URL, origins: [PUBLIC_ORIGIN] });
  return new Hono()
    .get('/healthz', (c) => c.text('ok'))
    .post('/buy', honoPurchase(verify), (c) => c.json({ visitor: c.var.purchase.claims.sub }));
}

/** Once for the isolate, so that keys and proofs are remembered. */
let app: ReturnType<typeof checkout> | null = null;

const worker = {
  fetch(request: Request, env: Env) {
    app ??= checkout(env);
    return app.fetch(request);
  },
};

// biome-ignore lint/style/noDefaultExport: workerd takes a Worker by its default export
export default worker;

/** Whoever starts Workers for the tests binds it. */
export class Gateway {}
