import { requireOwnOrigin } from '@fairgate/shared/http/origin.ts';
import { isId } from '@fairgate/shared/ids.ts';
import { Problem } from '@fairgate/shared/problem.ts';
import type { Context } from 'hono';
import type { StoredOrder } from '../domain/order-view.ts';
import type { HttpDeps } from './deps.ts';
import { orderCookie } from './order-cookie.ts';

export type Credential = { scheme: string; value: string };

/** The `Authorization` header in two parts; null where there is none (RFC 9110 section 11.4). */
export function authorization(c: Context): Credential | null {
  const match = /^([A-Za-z-]+) +(\S+) *$/.exec(c.req.header('authorization') ?? '');
  return match ? { scheme: (match[1] ?? '').toLowerCase(), value: match[2] ?? '' } : null;
}

/**
 * The order of the path, for whoever holds its key: as a Bearer, or by cookie. A cookie counts
 * only from our own pages, for reading too. Without a key 401; an order that is not theirs is 404,
 * like one that is not there.
 */
export async function requireOrder(c: Context, deps: HttpDeps): Promise<StoredOrder> {
  const orderId = c.req.param('id') ?? '';
  const bearer = authorization(c);
  const cookie = () => orderCookie(c, deps.publicOrigins[0] ?? '', orderId);
  const given = bearer?.scheme === 'bearer' ? bearer.value : cookie();
  if (given === undefined) {
    throw new Problem('unauthorized', {
      detail: 'Send the order key as a Bearer token.',
      headers: { 'www-authenticate': 'Bearer' },
    });
  }
  if (bearer?.scheme !== 'bearer') requireOwnOrigin(c, deps.publicOrigins);
  const notFound = () => new Problem('not-found', 'There is no such order.');
  if (!isId('ord', orderId) || !deps.orderKeys.fits(orderId, given)) throw notFound();
  const order = await deps.orders.find(orderId);
  if (!order) throw notFound();
  return order;
}
