import type { Context } from 'hono';

/** Written by our balancer over whatever a client sent: 128 random bits, the same for each try. */
export const balancerHeader = 'x-balancer-request';

/** The balancer's id of this request; null where it came without one. */
export function balancerRequest(c: Context): string | null {
  const given = c.req.header(balancerHeader) ?? '';
  return /^[0-9a-f]{32}$/.test(given) ? given : null;
}
