import { isLoopback, parseAddress } from '@fairgate/shared/address.ts';
import { jsonBody } from '@fairgate/shared/http/body.ts';
import { Problem } from '@fairgate/shared/problem.ts';
import { getCookie, setCookie } from 'hono/cookie';
import type { Login } from '../app/access-ports.ts';
import { type Begun, type Sessions, sessionMs } from '../app/sessions.ts';
import type { SignIn } from '../app/sign-in.ts';
import type { AddressOf } from './address.ts';
import { credentialOf, requireSameOrigin, sessionCookie, unknownCaller } from './auth.ts';
import type { Api, ApiContext } from './endpoint.ts';
import { signInSchema } from './schemas.ts';
import { viewSession } from './views.ts';

type Parts = { sessions: Sessions; signIn: SignIn; login: Login | null; addressOf: AddressOf };

/** Signing in at the console: by a key, or by the operator's own login (login-routes.ts). */
export function sessionRoutes(api: Api, { sessions, signIn, login, addressOf }: Parts): void {
  api.get('/v1/session/options', (c) => {
    const oidc = login === null ? null : { name: login.name, loginUrl: '/console/login' };
    return c.json({ oidc });
  });
  api.post('/v1/session', async (c) => {
    requireSameOrigin(c);
    const { key } = await jsonBody(c, signInSchema);
    const address = addressOf(c);
    const known = await signIn({ kind: 'bearer', secret: key }, address);
    if (known === null)
      throw new Problem('unauthorized', 'That key is not valid, or not any more.');
    const begun = await sessions.begin(known, address);
    leaveCookie(c, begun);
    return c.json(viewSession(begun.session), 201, noStore);
  });
  api.get('/v1/session', async (c) => {
    const known = await signIn(credentialOf(c), addressOf(c));
    if (known === null) throw unknownCaller();
    return c.json(viewSession(known), 200, noStore);
  });
  api.delete('/v1/session', async (c) => {
    requireSameOrigin(c);
    const secret = getCookie(c, sessionCookie);
    if (secret !== undefined) await sessions.end(secret, addressOf(c));
    setCookie(c, sessionCookie, '', { ...cookieRules(c), maxAge: 0 });
    return c.body(null, 204);
  });
}

const noStore = { 'cache-control': 'no-store' };

/** The cookie of somebody who has just signed in. */
export function leaveCookie(c: ApiContext, { secret }: Begun): void {
  // One that ends sooner is refused, whatever the browser keeps.
  setCookie(c, sessionCookie, secret, { ...cookieRules(c), maxAge: sessionMs / 1_000 });
}

function cookieRules(c: ApiContext) {
  return { path: '/', httpOnly: true, sameSite: 'Strict', secure: !isNear(c) } as const;
}

/** Asked on one's own machine there may be no TLS; anywhere else cookies need it. */
export function isNear(c: ApiContext): boolean {
  const { hostname } = new URL(c.req.url);
  const address = parseAddress(hostname.replace(/^\[|\]$/g, ''));
  return hostname === 'localhost' || (address !== null && isLoopback(address));
}
