import type { MiddlewareHandler } from 'hono';
import { Problem } from '../problem.ts';

/**
 * Where cookies count, a request that changes something and names an `Origin` that is not ours
 * is refused; a missing `Origin` is fine (CONTRACT.md section 1).
 */
export function ownOrigin(origins: readonly string[]): MiddlewareHandler {
  return async (c, next) => {
    const origin = c.req.header('origin');
    const changes = c.req.method !== 'GET' && c.req.method !== 'HEAD';
    if (changes && origin !== undefined && !origins.includes(origin)) {
      throw new Problem('forbidden', 'Requests from that origin are not accepted here.');
    }
    await next();
  };
}
