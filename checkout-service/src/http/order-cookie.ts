import type { Context } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';

const lifeSeconds = 7 * 24 * 3_600;

/** The cookie that the redemption sets, for pages and event streams. */
export function orderCookieName(orderId: string): string {
  return `fg_order_${orderId}`;
}

export function setOrderCookie(c: Context, origin: string, orderId: string, key: string): void {
  setCookie(c, orderCookieName(orderId), key, {
    httpOnly: true,
    sameSite: 'Lax',
    path: '/',
    maxAge: lifeSeconds,
    // Browsers take no Secure cookie over plain http; that is for loopback alone.
    secure: origin.startsWith('https:'),
  });
}

export function orderCookie(c: Context, orderId: string): string | undefined {
  return getCookie(c, orderCookieName(orderId));
}
