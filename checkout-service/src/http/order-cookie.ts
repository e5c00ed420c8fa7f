import { boughtCookie } from '@fairgate/shared/http/bought-cookie.ts';
import type { Context } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';

const lifeSeconds = 7 * 24 * 3_600;

/** Browsers take no Secure cookie over plain http; that is for loopback alone. */
const isSecure = (origin: string) => origin.startsWith('https:');

/** Of this host and nobody beside it (RFC 6265bis section 4.1.3.2), where the origin is secure. */
function nameOf(origin: string, orderId: string): string {
  return `${isSecure(origin) ? '__Host-' : ''}fg_order_${orderId}`;
}

type Placed = { id: string; saleId: string };

/**
 * The cookies that the redemption sets: the key, for pages and event streams, and which order it was,
 * by which the page of the sale leads there (`shared/src/http/bought-cookie.ts`).
 */
export function setOrderCookie(c: Context, origin: string, order: Placed, key: string): void {
  const secure = isSecure(origin);
  const options = {
    httpOnly: true,
    sameSite: 'Lax',
    path: '/',
    maxAge: lifeSeconds,
    secure,
  } as const;
  setCookie(c, nameOf(origin, order.id), key, options);
  setCookie(c, boughtCookie(order.saleId, secure), order.id, options);
}

export function orderCookie(c: Context, origin: string, orderId: string): string | undefined {
  return getCookie(c, nameOf(origin, orderId));
}
