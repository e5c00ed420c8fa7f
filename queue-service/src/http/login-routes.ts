import { getCookie, setCookie } from 'hono/cookie';
import { z } from 'zod';
import type { Login } from '../app/access-ports.ts';
import type { Sessions } from '../app/sessions.ts';
import type { AddressOf } from './address.ts';
import type { Api, ApiContext } from './endpoint.ts';
import { isNear, leaveCookie } from './session-routes.ts';

type Parts = {
  sessions: Sessions;
  login: Login | null;
  addressOf: AddressOf;
  /** As browsers reach the console; null: as the request says. */
  consoleOrigin: string | null;
};

const stateCookie = 'fairgate_login';
/** Until the browser is back from its login. */
const stateSeconds = 600;
const callbackPath = '/console/login/callback';

const stateSchema = z.object({ state: z.string(), nonce: z.string(), verifier: z.string() });

/** console → the operator's login → callback: code, state, nonce and PKCE are checked → session. */
export function loginRoutes(api: Api, { sessions, login, addressOf, consoleOrigin }: Parts): void {
  if (login === null) return;
  const originOf = (c: ApiContext) => consoleOrigin ?? new URL(c.req.url).origin;
  const rules = (c: ApiContext) =>
    // Lax: the browser brings it back from another site.
    ({ path: '/console/login', httpOnly: true, sameSite: 'Lax', secure: !isNear(c) }) as const;
  api.get('/console/login', async (c) => {
    const { url, state } = await login.begin(`${originOf(c)}${callbackPath}`);
    const text = Buffer.from(JSON.stringify(state)).toString('base64url');
    setCookie(c, stateCookie, text, { ...rules(c), maxAge: stateSeconds });
    c.header('cache-control', 'no-store');
    return c.redirect(url, 302);
  });
  api.get(callbackPath, async (c) => {
    const state = readState(getCookie(c, stateCookie));
    setCookie(c, stateCookie, '', { ...rules(c), maxAge: 0 });
    c.header('cache-control', 'no-store');
    if (state === null) return c.redirect('/console/?login=expired', 302);
    const url = new URL(c.req.url);
    const identity = await login.finish(
      new URL(`${originOf(c)}${url.pathname}${url.search}`),
      state,
    );
    if (identity === null) return c.redirect('/console/?login=refused', 302);
    leaveCookie(c, await sessions.begin({ ...identity, keyId: null }, addressOf(c)));
    return c.redirect('/console/?login=done', 302);
  });
}

function readState(text: string | undefined) {
  try {
    return stateSchema.parse(JSON.parse(Buffer.from(text ?? '', 'base64url').toString()));
  } catch {
    return null;
  }
}
