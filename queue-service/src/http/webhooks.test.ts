import { beforeEach, describe, expect, it } from 'vitest';
import { iso, type Service, startMs, testService } from '../../test/fixture.ts';

let service: Service;
beforeEach(async () => {
  service = await testService();
});

const hook = { url: 'https://shop.example/hooks?key=abc', description: 'the shop' };
const add = async (fields: object = {}, headers = {}) =>
  await service.call('POST', '/v1/webhooks', { ...hook, ...fields }, headers);
const audit = async () =>
  (await service.call('GET', '/v1/audit?actor=admins')).body.items as Record<string, unknown>[];

describe('a webhook', () => {
  it('shows its secret once, and never again', async () => {
    const made = await add();
    expect(made.status).toBe(201);
    expect(made.headers.get('cache-control')).toBe('no-store');
    const { secret, ...shown } = made.body;
    expect(secret).toMatch(/^whsec_/);
    expect(shown).toEqual({
      ...hook,
      id: made.body.id,
      eventTypes: null,
      active: true,
      offReason: null,
      secrets: [{ createdAt: iso(startMs), expiresAt: null }],
      createdAt: iso(startMs),
      updatedAt: iso(startMs),
    });
    const path = `/v1/webhooks/${made.body.id}`;
    expect((await service.call('GET', path)).body).toEqual(shown);
    expect((await service.call('GET', '/v1/webhooks')).body.items).toEqual([shown]);
    const stored = await service.database.sql`select secrets::text from webhook_endpoints`;
    const results = await service.database.sql`select result::text from once_results`;
    const kept = JSON.stringify([stored, results, await audit()]);
    expect(kept).not.toContain(String(secret).slice(6));
  });

  it('that is sent again by its key is not made twice, and its secret is not shown again', async () => {
    const headers = { 'idempotency-key': 'once' };
    const made = await add({}, headers);
    const again = await add({}, headers);
    expect([again.status, again.body.webhookId]).toEqual([409, made.body.id]);
    expect(JSON.stringify(again.body)).not.toContain('whsec_');
    expect((await service.call('GET', '/v1/webhooks')).body.items).toHaveLength(1);
  });

  it('is changed by who has seen its last version alone', async () => {
    const made = await add();
    const path = `/v1/webhooks/${made.body.id}`;
    const tag = { 'if-match': made.headers.get('etag') ?? '' };
    const changed = await service.call('PATCH', path, { active: false }, tag);
    expect(changed.body).toMatchObject({ active: false, description: 'the shop' });
    expect((await service.call('PATCH', path, { active: true }, tag)).status).toBe(412);
    expect((await service.call('DELETE', path, undefined, tag)).status).toBe(412);
    const now = { 'if-match': changed.headers.get('etag') ?? '' };
    expect((await service.call('DELETE', path, undefined, now)).status).toBe(204);
    expect((await service.call('GET', path)).status).toBe(404);
  });

  it('is in the ledger with each change, without what its address holds of secrets', async () => {
    const { body } = await add({ eventTypes: ['order.paid'] });
    const path = `/v1/webhooks/${body.id}`;
    await service.call('PATCH', path, { eventTypes: null, url: `${hook.url}&more=1` });
    await service.call('POST', `${path}/rotate`, {});
    await service.call('POST', `${path}/test`);
    await service.call('DELETE', path);
    const entries = (await audit()).filter(({ action }) => String(action).startsWith('webhook.'));
    expect(entries.map(({ action }) => action)).toEqual([
      ...['webhook.deleted', 'webhook.tested', 'webhook.rotated', 'webhook.changed'],
      'webhook.created',
    ]);
    expect(entries[3]).toMatchObject({
      before: { eventTypes: ['order.paid'] },
      after: { eventTypes: null, url: 'https://shop.example/hooks' },
    });
    expect(JSON.stringify(entries)).not.toMatch(/key=abc|more=1|whsec_/);
  });

  it('is shown to viewers without the query of its address', async () => {
    const made = await add();
    const viewer = await service.call('POST', '/v1/api-keys', { name: 'v', role: 'viewer' });
    const headers = { authorization: `Bearer ${viewer.body.key}` };
    const seen = await service.call('GET', `/v1/webhooks/${made.body.id}`, undefined, headers);
    expect(seen.body.url).toBe('https://shop.example/hooks');
  });
});

it.each(['http://shop.example/', 'https://u:p@shop.example/', 'shop.example', ''])(
  'an address that is none is refused: %s',
  async (url) => {
    const { status, body } = await add({ url });
    expect(status).toBe(400);
    expect(body.errors).toMatchObject([{ path: 'url' }]);
  },
);

it('types that are none, or named twice, are refused', async () => {
  for (const eventTypes of [[], ['order.eaten'], ['order.paid', 'order.paid'], 'order.paid']) {
    expect((await add({ eventTypes })).status).toBe(400);
  }
});

it('there are twenty at most, also where several are made at once', async () => {
  const made = await Promise.all(Array.from({ length: 22 }, () => add()));
  expect(made.filter(({ status }) => status === 201)).toHaveLength(20);
  expect(made.filter(({ status }) => status === 409)).toHaveLength(2);
});

it('the log is read page by page, newest first, and by state', async () => {
  const { body } = await add();
  const path = `/v1/webhooks/${body.id}`;
  const ids: unknown[] = [];
  for (let i = 0; i < 3; i += 1) {
    ids.unshift((await service.call('POST', `${path}/test`)).body.id);
    await service.pass(1);
  }
  const first = await service.call('GET', `${path}/deliveries?limit=2`);
  const cursor = String(first.body.nextCursor);
  const second = await service.call('GET', `${path}/deliveries?limit=2&cursor=${cursor}`);
  const items = [first, second].flatMap(({ body: page }) => page.items as { id: string }[]);
  expect(items.map(({ id }) => id)).toEqual(ids);
  expect(second.body.nextCursor).toBeNull();
  expect((await service.call('GET', `${path}/deliveries?state=failed`)).body.items).toEqual([]);
  expect((await service.call('GET', `${path}/deliveries?state=lost`)).status).toBe(400);
});

it('a delivery of another webhook is not found by this one', async () => {
  const [one, two] = [await add(), await add()];
  const sent = await service.call('POST', `/v1/webhooks/${one.body.id}/test`);
  const path = `/v1/webhooks/${two.body.id}/deliveries/${sent.body.id}/retry`;
  expect((await service.call('POST', path)).status).toBe(404);
});
