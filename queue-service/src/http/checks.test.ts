import { newId } from '@fairgate/shared/ids.ts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { aSale, iso, type Service, startMs, testService } from '../../test/fixture.ts';

let service: Service;
beforeAll(async () => {
  service = await testService(afterAll);
});
const call: Service['call'] = (...args) => service.call(...args);

type Found = { code: string; severity: string; path: string; message: string; todo: string };
const findings = (body: Record<string, unknown>) => (body.findings ?? body.warnings) as Found[];
const codes = (body: Record<string, unknown>) => findings(body).map(({ code }) => code);
const checksOf = async (saleId: string) => (await call('GET', `/v1/sales/${saleId}/checks`)).body;

it('a sale is checked before it is published, and what is mended is told no more', async () => {
  const room = { admitPerMinute: 600, maxActive: 100, bindTokens: 'off', challenge: 'altcha' };
  const endsAt = iso(startMs + 70_000);
  const { saleId } = await aSale(service, { room, endsAt });
  const { status, body } = await call('GET', `/v1/sales/${saleId}/checks`);
  expect(status).toBe(200);
  expect(body).toMatchObject({ id: saleId, publishable: true, claimsPerSecond: null });
  const found = ['rate-not-reached', 'tokens-unbound', 'end-too-soon', 'capacity-unknown'];
  expect(codes(body)).toEqual(expect.arrayContaining([...found, 'no-checkout', 'start-soon']));
  for (const finding of findings(body)) {
    expect(Object.keys(finding).sort()).toEqual(['code', 'message', 'path', 'severity', 'todo']);
  }
  const mended = { maxActive: 300, bindTokens: 'optional', placesPerAddress: 20 };
  const times = { startsAt: iso(startMs + 86_400_000), endsAt: iso(startMs + 90_000_000) };
  const patched = await call('PATCH', `/v1/sales/${saleId}`, { room: mended, ...times });
  expect(patched.status).toBe(200);
  for (const code of ['rate-not-reached', 'tokens-unbound', 'end-too-soon', 'start-soon']) {
    expect(codes(patched.body)).not.toContain(code);
  }
  expect(await checksOf(saleId)).toMatchObject({ findings: findings(patched.body) });
});

it('what is found comes back from creating and publishing, too', async () => {
  const product = await call('POST', '/v1/products', {
    name: 'Free pen',
    priceMinor: 0,
    currency: 'EUR',
    stock: 0,
  });
  const sale = { name: 'Free', productIds: [product.body.id], startsAt: iso(startMs + 3_600_000) };
  const made = await call('POST', '/v1/sales', sale);
  const saleId = String(made.body.id);
  expect(codes(made.body)).toEqual(expect.arrayContaining(['stock-none', 'price-zero', 'no-end']));
  expect(await checksOf(saleId)).toMatchObject({ findings: findings(made.body) });
  expect((await call('GET', `/v1/sales/${saleId}`)).body).not.toHaveProperty('warnings');
  const published = await call('POST', `/v1/sales/${saleId}/publish`);
  expect([published.status, published.body.state]).toEqual([200, 'scheduled']);
  expect(codes(published.body)).toContain('stock-none');
});

it('publishing is refused with what was found, and for nothing else', async () => {
  const { saleId } = await aSale(service, { endsAt: iso(startMs + 61_000) });
  await service.pass(61_000);
  const over = await checksOf(saleId);
  expect(over).toMatchObject({ publishable: false });
  expect(findings(over)[0]).toMatchObject({ code: 'end-passed', severity: 'error' });
  const refused = await call('POST', `/v1/sales/${saleId}/publish`);
  expect([refused.status, refused.body.type]).toEqual([409, 'urn:fairgate:problem:conflict']);
  expect(refused.body.errors).toEqual([
    { path: 'endsAt', message: expect.stringMatching(/has passed\. Set a later endsAt/) },
  ]);
  const { body } = await call('GET', `/v1/sales/${saleId}`);
  const { name, productIds, startsAt, endsAt } = body;
  await call('DELETE', `/v1/sales/${saleId}`);
  const again = { name, productIds, startsAt, endsAt };
  const atOnce = await call('POST', '/v1/sales', { ...again, publish: true });
  expect([atOnce.status, atOnce.body.errors]).toEqual([409, refused.body.errors]);
  const draft = await call('POST', '/v1/sales', again);
  expect(draft.status).toBe(201);
  await call('PATCH', `/v1/sales/${draft.body.id}`, { endsAt: null });
  expect((await call('POST', `/v1/sales/${draft.body.id}/publish`)).status).toBe(200);
});

it('a sale of which every product was deleted is not published; of some, it is', async () => {
  const { saleId, productId } = await aSale(service);
  const { sql } = service.database;
  await sql`update products set deleted_at = now() where id = ${productId}`;
  expect(await checksOf(saleId)).toMatchObject({ publishable: false });
  const refused = await call('POST', `/v1/sales/${saleId}/publish`);
  expect(refused.status).toBe(409);
  expect(refused.body.errors).toMatchObject([{ path: 'productIds' }]);
  expect((await call('GET', `/v1/sales/${saleId}`)).body.state).toBe('draft');
  const { productId: other } = await aSale(service);
  await sql`update sale_products set live = false where product_id = ${other}`;
  await sql`insert into sale_products values (${saleId}, ${other}, 1, true)`;
  expect(await checksOf(saleId)).toMatchObject({ publishable: true });
  expect((await call('POST', `/v1/sales/${saleId}/publish`)).status).toBe(200);
});

it('a checkout that lives is known of, and one that has died is not', async () => {
  const { saleId } = await aSale(service);
  const { sql } = service.database;
  await sql`insert into checkout_beats (instance, at) values ('old', now() - interval '1 minute')`;
  expect(codes(await checksOf(saleId))).toContain('no-checkout');
  await sql`insert into checkout_beats (instance, at) values ('new', now())`;
  expect(codes(await checksOf(saleId))).not.toContain('no-checkout');
});

it('what the checkouts tell of themselves is judged: their providers, and the claims that they took', async () => {
  const own = await testService();
  const { saleId } = await aSale(own, { room: { admitPerMinute: 6_000 } });
  const { sql } = own.database;
  const beat = (instance: string, health: object) => sql`
    insert into checkout_beats (instance, at, health) values (${instance}, now(), ${JSON.stringify(health)}::text::jsonb)
    on conflict (instance) do update set health = excluded.health`;
  const checked = async () => (await own.call('GET', `/v1/sales/${saleId}/checks`)).body;
  await beat('a', {});
  expect(codes(await checked())).toContain('capacity-unknown');
  expect(codes(await checked()).filter((code) => code.includes('payment'))).toEqual([]);
  await beat('a', { providers: [], claimsPerSecond: 40 });
  expect(await checked()).toMatchObject({ claimsPerSecond: 40 });
  expect(codes(await checked())).toEqual(
    expect.arrayContaining(['no-payment-provider', 'rate-above-capacity']),
  );
  await beat('b', { providers: ['sandbox', 'stripe'], claimsPerSecond: 100 });
  const both = await checked();
  expect(both).toMatchObject({ claimsPerSecond: 140 });
  expect(codes(both)).toContain('payment-sandbox-public');
  expect(codes(both)).not.toContain('rate-above-capacity');
  await beat('c', { providers: 'sandbox', claimsPerSecond: 'many' });
  expect(await checked()).toMatchObject({ claimsPerSecond: 140 });
});

it('anybody with a key may look, and nobody else', async () => {
  const { saleId } = await aSale(service);
  const path = `/v1/sales/${saleId}/checks`;
  const made = await call('POST', '/v1/api-keys', { name: 'v', role: 'viewer' });
  const authorization = `Bearer ${made.body.key}`;
  expect((await call('GET', path, undefined, { authorization })).status).toBe(200);
  expect((await call('GET', path, undefined, { authorization: '' })).status).toBe(401);
  expect((await call('GET', `/v1/sales/${newId('sale')}/checks`)).status).toBe(404);
});
