import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshDatabaseUrl } from '../../e2e/support/stores.ts';
import { sandboxClient } from './adapters/sandbox-client.ts';
import { makeRig, type Rig, testOrigin } from './testing/checkout-rig.ts';

let rig: Rig;
beforeAll(async () => {
  const nowhere = { url: 'http://127.0.0.1:1', webhookSecret: 'x'.repeat(40) };
  const providers = [sandboxClient({ ...nowhere, toleranceSeconds: 300 })];
  rig = await makeRig({ databaseUrl: await freshDatabaseUrl(afterAll), units: [5, 5], providers });
  await rig.sql`update products set name = '<b>Bold</b> & co' where id = ${rig.products[0]!}`;
});
afterAll(() => rig.close());

const form = (path: string, fields: Record<string, string>, headers = {}) =>
  rig.call('POST', path, {
    text: new URLSearchParams(fields).toString(),
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
  });

describe('the pages without a script', () => {
  it('go from the token to the order, and show it to its own browser alone', async () => {
    const token = await rig.token({ max: 2 });
    const shown = await form(`/checkout?sale=${rig.saleId}`, { token });
    expect(shown.status).toBe(200);
    expect(shown.body).toContain('&lt;b&gt;Bold&lt;/b&gt; &amp; co');
    expect(shown.body).toContain(token);
    expect(shown.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(shown.headers.get('referrer-policy')).toBe('no-referrer');
    const key = /name="key" value="([^"]+)"/.exec(shown.body)?.[1] ?? '';
    const fields = {
      sale: rig.saleId,
      token,
      key,
      productId: rig.products[0]!,
      quantity: '2',
      email: '',
    };
    const foreign = await form('/checkout/redeem', fields, { origin: 'https://evil.example' });
    expect(foreign.status).toBe(403);
    const done = await form('/checkout/redeem', fields, { origin: testOrigin });
    expect(done.status).toBe(303);
    const again = await form('/checkout/redeem', fields);
    const location = done.headers.get('location') ?? '';
    expect(again.headers.get('location')).toBe(location);
    const cookie = (done.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
    expect(done.headers.get('set-cookie')).toMatch(/HttpOnly; SameSite=Lax/);
    const page = await rig.call('GET', location, { headers: { cookie } });
    expect(page.status).toBe(200);
    expect(page.body).toContain('20.00');
    expect(page.body).toContain('name="card"');
    expect((await rig.call('GET', location)).status).toBe(404);
    const cancelled = await form(`${location}/cancel`, {}, { cookie, origin: testOrigin });
    expect(cancelled.status).toBe(303);
    expect((await rig.call('GET', location, { headers: { cookie } })).body).toContain('Cancelled');
  });

  it('let nobody send the form before the script has brought the token from the address', async () => {
    const button = async (token: string) => {
      const shown = await form(`/checkout?sale=${rig.saleId}`, { token });
      return /<button type="submit" *(\w*)>Reserve/.exec(shown.body)?.[1];
    };
    expect([await button(''), await button(await rig.token())]).toEqual(['disabled', '']);
  });

  it('say what went wrong, and keep what was typed', async () => {
    const token = await rig.token({ max: 1 });
    const fields = {
      sale: rig.saleId,
      token,
      key: 'a-form-key',
      productId: rig.products[1]!,
      quantity: '3',
      email: 'a@example.org',
    };
    const answer = await form('/checkout/redeem', fields);
    expect(answer.status).toBe(422);
    expect(answer.body).toContain('You may buy 1 unit in all. Please choose fewer.');
    expect(answer.body).toContain('a@example.org');
  });

  it.each([
    ['email', { email: 'a@b' }, 'value="a@b"'],
    ['quantity', { quantity: 'many' }, 'name="quantity"'],
  ])('show the form again with a mistake in it: %s', async (field, typed, kept) => {
    const token = await rig.token({ max: 2 });
    const productId = rig.products[1]!;
    const fields = { sale: rig.saleId, token, key: 'a-form-key', productId, quantity: '1' };
    const answer = await form('/checkout/redeem', { ...fields, email: '', ...typed });
    expect(answer.status).toBe(400);
    expect(answer.headers.get('content-type')).toContain('text/html');
    expect(answer.body).toMatch(new RegExp(`role="alert"[^>]*><a href="#${field}">`));
    expect(answer.body).toMatch(new RegExp(`id="${field}"[^>]*aria-invalid="true"`));
    expect(answer.body).toContain(kept);
    expect(answer.body).toContain(token);
    expect((await form('/checkout/redeem', { ...fields, email: 'a@b.example' })).status).toBe(303);
  });
});

describe('what else is served', () => {
  it('assets, health, readiness, figures and the description', async () => {
    for (const name of ['checkout.js', 'order.js', 'order-stripe.js']) {
      const asset = await rig.call('GET', `/checkout/assets/${name}`);
      expect(asset.status).toBe(200);
      const headers = { 'if-none-match': asset.headers.get('etag') ?? '' };
      expect((await rig.call('GET', `/checkout/assets/${name}`, { headers })).status).toBe(304);
    }
    expect((await rig.call('GET', '/healthz')).status).toBe(200);
    expect((await rig.call('GET', '/readyz')).status).toBe(200);
    expect((await rig.call('GET', '/metrics')).body).toContain('fairgate_claim_batch_size');
    const { paths } = (await rig.call('GET', '/openapi.json')).body;
    expect(paths['/v1/redemptions']).toBeDefined();
    const { description } = paths['/v1/redemptions'].post;
    expect(description).toMatch(/After a 503.*same `Idempotency-Key`.*a fresh proof/);
    const pay = paths['/v1/orders/{id}/payments'].post;
    expect(pay.description).toMatch(/503 `payment-unavailable`.*stays `awaiting_payment`/);
    expect((await rig.call('GET', '/docs')).body).toContain('POST /v1/redemptions');
    expect((await rig.call('GET', '/nowhere')).status).toBe(404);
    expect((await rig.call('GET', '/checkout?sale=none')).status).toBe(404);
    expect((await rig.call('GET', '/checkout?sale=%00')).status).toBe(404);
  });
});

describe('the language of the pages', () => {
  const page = '/checkout?sale=';
  const shown = (headers: Record<string, string>) =>
    rig.call('GET', `${page}${rig.saleId}`, { headers });

  it('is as the browser wants it, or as its switch has set it', async () => {
    expect((await shown({ 'accept-language': 'de-AT' })).body).toContain('<html lang="de"');
    const chosen = await rig.call('GET', `${page}${rig.saleId}&lang=ar`);
    expect(chosen.status).toBe(303);
    expect(chosen.headers.get('location')).toBe(`${page}${rig.saleId}`);
    const cookie = (chosen.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
    const arabic = await shown({ 'accept-language': 'de-AT', cookie });
    expect(arabic.body).toContain('<html lang="ar" dir="rtl">');
    expect((await shown({ 'accept-language': 'tlh' })).body).toContain('<html lang="en"');
  });

  it('has no switch where a form has brought the token, which another page would not have', async () => {
    const brought = await form(`${page}${rig.saleId}`, { token: await rig.token() });
    expect(brought.body).not.toContain('lang=hi');
    expect((await shown({})).body).toContain('lang=hi" lang="hi"');
  });
});

describe('a refusal', () => {
  it('is a page in the shopper’s language for a browser, and a problem document for anybody else', async () => {
    const order = `/checkout/orders/ord_${'0'.repeat(26)}`;
    const foreign = { cookie: `fg_order_ord_${'0'.repeat(26)}=x`, origin: 'https://evil.example' };
    const plain = await rig.call('GET', order, { headers: foreign });
    expect([plain.status, plain.body.type]).toEqual([403, 'urn:fairgate:problem:forbidden']);
    const wanted = { accept: 'text/html,*/*;q=0.8', 'accept-language': 'de' };
    const shown = await rig.call('GET', order, { headers: { ...foreign, ...wanted } });
    expect(shown.status).toBe(403);
    expect(shown.headers.get('content-type')).toContain('text/html');
    expect(shown.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(shown.body).toContain('<html lang="de"');
  });

  it('of ours says to a browser that nothing is lost, and when to come again', async () => {
    const large = { token: 'x'.repeat(5_000) };
    const answer = await form(`/checkout?sale=${rig.saleId}`, large, { accept: 'text/html' });
    expect(answer.status).toBe(400);
    expect(answer.body).toContain(`href="/sales/${rig.saleId}"`);
  });
});

describe('the scripts of the pages', () => {
  const cached = async (path: string) => {
    const { status, headers } = await rig.call('GET', path);
    return [status, headers.get('cache-control')];
  };

  it('are kept for a year under the name with their hash, and asked for again under any other', async () => {
    const { body } = await rig.call('GET', `/checkout?sale=${rig.saleId}`);
    const address = /src="(\/checkout\/assets\/checkout\.[0-9a-f]{12}\.js)"/.exec(body)?.[1] ?? '';
    expect(await cached(address)).toEqual([200, 'public, max-age=31536000, immutable']);
    const old = address.replace(/[0-9a-f]{12}/, '0'.repeat(12));
    expect(await cached(old)).toEqual([200, 'no-cache']);
    expect(await cached('/checkout/assets/checkout.js')).toEqual([200, 'no-cache']);
    expect((await cached('/checkout/assets/other.js'))[0]).toBe(404);
  });
});
