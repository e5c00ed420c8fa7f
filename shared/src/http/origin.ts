import type { Context, MiddlewareHandler } from 'hono';
import { Problem } from '../problem.ts';

/**
 * Where cookies count, a request of any method that names an `Origin` that is not ours is
 * refused; a missing `Origin` is fine (CONTRACT.md section 1). Cookies do not count where there
 * is an `Authorization`: no foreign page makes a browser send one. Throws `forbidden`.
 */
export function requireOwnOrigin(c: Context, origins: readonly string[]): void {
  const origin = c.req.header('origin');
  if (origin === undefined || c.req.header('authorization') !== undefined) return;
  if (!origins.includes(origin) && !isOwnForm(c, origin)) {
    throw new Problem('forbidden', 'Requests from that origin are not accepted here.');
  }
}

/**
 * Pages that send no referrer make their forms say `Origin: null` (Fetch section 3.2); where they
 * came from is told by the browser itself, which no page can make up (Fetch Metadata).
 */
function isOwnForm(c: Context, origin: string): boolean {
  return origin === 'null' && c.req.header('sec-fetch-site') === 'same-origin';
}

/** `requireOwnOrigin` for routes that always look at cookies. */
export function ownOriginByCookie(origins: readonly string[]): MiddlewareHandler {
  return async (c, next) => {
    requireOwnOrigin(c, origins);
    await next();
  };
}
