import { Hono } from 'hono';
import { expect, test } from 'vitest';
import { orderCookie, setOrderCookie } from './order-cookie.ts';

const cookieAt = (origin: string) => {
  const app = new Hono();
  app.post('/', (c) => {
    setOrderCookie(c, origin, { id: 'ord_1', saleId: 'sale_1' }, 'the-key');
    return c.body(null);
  });
  app.get('/', (c) => c.text(orderCookie(c, origin, 'ord_1') ?? 'none'));
  return {
    set: async () => (await app.request('/', { method: 'POST' })).headers.get('set-cookie') ?? '',
    read: async (cookie: string) => await (await app.request('/', { headers: { cookie } })).text(),
  };
};

test('an order’s cookie is of its host alone where the origin is secure: no other name is read there', async () => {
  const { set, read } = cookieAt('https://shop.example');
  const cookie = await set();
  expect(cookie).toMatch(
    /^__Host-fg_order_ord_1=the-key;.*Path=\/; HttpOnly; Secure; SameSite=Lax$/,
  );
  expect(await read(cookie)).toBe('the-key');
  expect(await read('fg_order_ord_1=planted')).toBe('none');
});

test('on loopback http, where browsers take no such cookie, it has its plain name', async () => {
  const { set, read } = cookieAt('http://127.0.0.1:8787');
  const cookie = await set();
  expect(cookie).toMatch(/^fg_order_ord_1=the-key;.*HttpOnly; SameSite=Lax$/);
  expect(await read(cookie)).toBe('the-key');
});
