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
  if (!origins.includes(origin)) {
    throw new Problem('forbidden', 'Requests from that origin are not accepted here.');
  }
}

/** `requireOwnOrigin` for routes that always look at cookies. */
export function ownOriginByCookie(origins: readonly string[]): MiddlewareHandler {
  return async (c, next) => {
    requireOwnOrigin(c, origins);
    await next();
  };
}
