import { Problem } from '@fairgate/shared/problem.ts';
import type { Context } from 'hono';
import { getCookie } from 'hono/cookie';
import type { Caller } from '../app/caller.ts';
import type { Credential, SignIn } from '../app/sign-in.ts';
import { type ApiRole, roleSuffices } from '../domain/roles.ts';
import type { AddressOf } from './address.ts';

/** Who a request is from, if their role suffices. Throws `unauthorized`, `forbidden`, `rate-limited`. */
export type Authenticate = (c: Context, needs: ApiRole) => Promise<Caller>;

/** What signs in at the console leaves with the browser. */
export const sessionCookie = 'fairgate_session';

const bearerForm = /^Bearer +([A-Za-z0-9._~+/=-]{1,4096})$/i;
const sessionForm = /^[A-Za-z0-9_-]{43}$/;

export function authenticator(signIn: SignIn, addressOf: AddressOf): Authenticate {
  return async (c, needs) => {
    const address = addressOf(c);
    const known = await signIn(credentialOf(c), address);
    if (known === null) throw unknownCaller();
    if (!roleSuffices(known.role, needs)) {
      throw new Problem('forbidden', `This needs the role ${needs}; you have ${known.role}.`);
    }
    return { ...known, address, once: null };
  };
}

/** RFC 9110 11.6.1: a 401 says how to authenticate. */
export function unknownCaller(): Problem {
  const headers = { 'www-authenticate': 'Bearer' };
  const detail = 'Send a valid API key as `Authorization: Bearer <key>`.';
  return new Problem('unauthorized', { detail, headers });
}

/** A key or a token; or the console's cookie, from a page of our own alone. */
export function credentialOf(c: Context): Credential {
  const header = c.req.header('authorization');
  if (header !== undefined) {
    const secret = bearerForm.exec(header)?.[1];
    return secret === undefined ? { kind: 'none' } : { kind: 'bearer', secret };
  }
  const secret = getCookie(c, sessionCookie);
  if (secret === undefined || !sessionForm.test(secret)) return { kind: 'none' };
  requireSameOrigin(c);
  return { kind: 'session', secret };
}

/**
 * Where a cookie counts, what a page of another origin sends is refused: browsers say so in
 * `Sec-Fetch-Site`, older ones by an `Origin` that is not the host that was asked.
 */
export function requireSameOrigin(c: Context): void {
  const site = c.req.header('sec-fetch-site');
  const origin = c.req.header('origin');
  const isOwn =
    site === undefined
      ? origin === undefined || URL.parse(origin)?.host === c.req.header('host')
      : site === 'same-origin' || (site === 'none' && c.req.method === 'GET');
  // A link from elsewhere may open a page of ours; it must not act, nor be read by another page.
  const isVisit = c.req.header('sec-fetch-mode') === 'navigate' && c.req.method === 'GET';
  if (!isOwn && !isVisit) {
    throw new Problem('forbidden', 'Requests from that origin are not accepted here.');
  }
}
