import type { Context } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';

const lifeSeconds = 7 * 24 * 3_600;

/** Browsers take no Secure cookie over plain http; that is for loopback alone. */
const isSecure = (origin: string) => origin.startsWith('https:');

/** Of this host and nobody beside it (RFC 6265bis section 4.1.3.2), where the origin is secure. */
function nameOf(origin: string, orderId: string): string {
  return `${isSecure(origin) ? '__Host-' : ''}fg_order_${orderId}`;
}

/** The cookie that the redemption sets, for pages and event streams. */
export function setOrderCookie(c: Context, origin: string, orderId: string, key: string): void {
  setCookie(c, nameOf(origin, orderId), key, {
    httpOnly: true,
    sameSite: 'Lax',
    path: '/',
    maxAge: lifeSeconds,
    secure: isSecure(origin),
  });
}

export function orderCookie(c: Context, origin: string, orderId: string): string | undefined {
  return getCookie(c, nameOf(origin, orderId));
}
