import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { adminKey, aSale, iso, pen, type Service, testService } from '../../test/fixture.ts';

let service: Service;
beforeAll(async () => {
  service = await testService(afterAll);
});
const call: Service['call'] = (...args) => service.call(...args);
const as = (key: unknown) => ({ authorization: `Bearer ${key}` });
const nobody = { authorization: '' };
const wrong = as('fgk_guess');

type Audit = {
  actor: string;
  address: string | null;
  action: string;
  before: Record<string, unknown> | null;
  after: Record<string, unknown> | null;
};
async function lastAudit(action: string, headers: Record<string, string> = {}): Promise<Audit> {
  const { body } = await call('GET', `/v1/audit?action=${action}&limit=1`, undefined, headers);
  return (body.items as Audit[])[0]!;
}

describe('an API key', () => {
  it('ends when it expires, and says when it was used last', async () => {
    const expiresAt = iso(service.clock.now() + 60_000);
    const made = await call('POST', '/v1/api-keys', { name: 'x', role: 'viewer', expiresAt });
    expect(made.body).toMatchObject({ expiresAt, lastUsedAt: null });
    const key = as(made.body.key);
    expect((await call('GET', '/v1/products', undefined, key)).status).toBe(200);
    await service.keys.noteUses();
    const { items } = (await call('GET', '/v1/api-keys')).body;
    const listed = (items as Record<string, unknown>[]).find(({ id }) => id === made.body.id);
    expect(listed?.lastUsedAt).toBe(iso(service.clock.now()));
    await service.pass(60_001);
    expect((await call('GET', '/v1/products', undefined, key)).status).toBe(401);
  });

  it('that would be over already is not made', async () => {
    const wish = { name: 'x', role: 'viewer', expiresAt: iso(service.clock.now() - 1) };
    expect((await call('POST', '/v1/api-keys', wish)).status).toBe(400);
  });
});

describe('a session of the console', () => {
  const signIn = (key: string) => call('POST', '/v1/session', { key }, nobody);
  const cookieOf = (answer: Awaited<ReturnType<typeof signIn>>) =>
    (answer.headers.get('set-cookie') ?? '').split(';')[0]!;

  it('is a cookie that no script reads, and works until one signs out', async () => {
    const signed = await signIn(adminKey);
    expect(signed.status).toBe(201);
    expect(signed.body).toMatchObject({ name: 'first', role: 'admin' });
    expect(signed.headers.get('set-cookie')).toMatch(/HttpOnly.*SameSite=Strict/);
    const cookie = { ...nobody, cookie: cookieOf(signed) };
    const bare = { cookie: cookie.cookie };
    const asked = async () => (await service.api.request('/v1/session', { headers: bare })).status;
    expect(await asked()).toBe(200);
    const stored = JSON.stringify(await service.database.sql`select * from console_sessions`);
    expect(stored).not.toContain(bare.cookie.split('=')[1]);
    const out = await service.api.request('/v1/session', { method: 'DELETE', headers: bare });
    expect(out.status).toBe(204);
    expect(await asked()).toBe(401);
    expect((await lastAudit('session.ended')).actor).toMatch(/^key:/);
  });

  it('is for our own pages alone', async () => {
    const cookie = cookieOf(await signIn(adminKey));
    const send = async (headers: Record<string, string>) => {
      const body = JSON.stringify(pen);
      const json = { 'content-type': 'application/json', host: 'console.example' };
      const init = { method: 'POST', body, headers: { cookie, ...json, ...headers } };
      return (await service.api.request('http://console.example/v1/products', init)).status;
    };
    expect(await send({ origin: 'https://evil.example' })).toBe(403);
    expect(await send({ 'sec-fetch-site': 'cross-site' })).toBe(403);
    expect(await send({ 'sec-fetch-site': 'same-site' })).toBe(403);
    expect(await send({ origin: 'http://console.example' })).toBe(201);
    expect(await send({ 'sec-fetch-site': 'same-origin' })).toBe(201);
  });

  it('ends with its key, at the latest after 12 h', async () => {
    const made = await call('POST', '/v1/api-keys', { name: 'y', role: 'operator' });
    const cookie = cookieOf(await signIn(String(made.body.key)));
    const asked = async () =>
      (await service.api.request('/v1/session', { headers: { cookie } })).status;
    expect(await asked()).toBe(200);
    await call('DELETE', `/v1/api-keys/${made.body.id}`);
    await service.pass(1_001);
    expect(await asked()).toBe(401);
    const other = cookieOf(await signIn(adminKey));
    await service.pass(12 * 3_600_000);
    const late = await service.api.request('/v1/session', { headers: { cookie: other } });
    expect(late.status).toBe(401);
    await service.sessions.tidy();
    expect(await service.database.sql`select * from console_sessions`).toHaveLength(0);
  });

  it('is not begun with a wrong key', async () => {
    expect((await signIn('fgk_wrong')).status).toBe(401);
  });
});

describe('who guesses keys', () => {
  const guess = (address: string) =>
    call('GET', '/v1/products', undefined, wrong, address).then(({ status }) => status);

  it('is answered ever more slowly, then barred, with an entry in the audit log', async () => {
    service.pauses.length = 0;
    const statuses: number[] = [];
    for (let attempt = 0; attempt < 21; attempt += 1) statuses.push(await guess('203.0.113.5'));
    expect(statuses.slice(0, 20)).toEqual(Array(20).fill(401));
    expect(statuses[20]).toBe(429);
    expect(service.pauses).toHaveLength(17);
    expect(service.pauses).toEqual(service.pauses.toSorted((a, b) => a - b));
    const good = await call('GET', '/v1/products', undefined, {}, '203.0.113.5');
    expect([good.status, good.headers.get('retry-after')]).toEqual([429, expect.any(String)]);
    expect(Number(good.headers.get('retry-after'))).toBeGreaterThan(800);
    expect((await call('GET', '/v1/products', undefined, {}, '203.0.113.6')).status).toBe(200);
    const entry = await lastAudit('address.barred');
    expect(entry).toMatchObject({ actor: 'system:sign-in', address: '203.0.113.5' });
    const noted = await call('GET', '/v1/audit?action=address.barred');
    expect(noted.body.items).toHaveLength(1);
  });

  it('and then has the right one is forgiven', async () => {
    for (let attempt = 0; attempt < 15; attempt += 1) await guess('203.0.113.7');
    expect((await call('GET', '/v1/products', undefined, {}, '203.0.113.7')).status).toBe(200);
    for (let attempt = 0; attempt < 15; attempt += 1) {
      expect(await guess('203.0.113.7')).toBe(401);
    }
  });

  it('is the same throughout a /64 of IPv6', async () => {
    const statuses: number[] = [];
    for (let host = 1; host <= 21; host += 1) statuses.push(await guess(`2001:db8::${host}`));
    expect(statuses.at(-1)).toBe(429);
    expect(await guess('2001:db8::ffff')).toBe(429);
    expect(await guess('2001:db8:0:1::1')).toBe(401);
  });

  it('brings no address of their own choice', async () => {
    const forged = (address: string, forwarded: string) =>
      call('GET', '/v1/products', undefined, { 'x-forwarded-for': forwarded }, address);
    const barred = '203.0.113.5';
    expect((await forged(barred, '198.51.100.1')).status).toBe(429);
    expect((await forged('10.0.0.1', `198.51.100.1, ${barred}`)).status).toBe(429);
    expect((await forged('10.0.0.1', `${barred}, 198.51.100.1`)).status).toBe(200);
    expect((await forged('10.0.0.1', `198.51.100.1, 10.9.9.9`)).status).toBe(200);
  });
});

describe('the audit log', () => {
  it('tells who, from where, and what was otherwise before', async () => {
    const { saleId } = await aSale(service);
    const at = ['PATCH', `/v1/sales/${saleId}/room`] as const;
    await call(...at, { admitPerMinute: 60, message: 'Soon' }, {}, '198.51.100.9');
    const first = await lastAudit('room.changed');
    expect(first).toMatchObject({
      actor: expect.stringMatching(/^key:key_/),
      address: '198.51.100.9',
      before: { 'room.admitPerMinute': 600, 'room.message': '' },
      after: { 'room.admitPerMinute': 60, 'room.message': 'Soon' },
    });
    await call('PATCH', `/v1/sales/${saleId}`, { name: 'Other' });
    expect(await lastAudit('sale.changed')).toMatchObject({
      before: { name: 'Pens' },
      after: { name: 'Other' },
    });
    await call('POST', `/v1/sales/${saleId}/publish`);
    expect(await lastAudit('sale.published')).toMatchObject({
      before: { phase: 'draft' },
      after: { phase: 'open' },
    });
  });

  it('shows addresses to no viewer, and is read page by page', async () => {
    const { body } = await call('POST', '/v1/api-keys', { name: 'v', role: 'viewer' });
    expect((await lastAudit('address.barred', as(body.key))).address).toBeNull();
    const seen: string[] = [];
    let cursor: unknown = null;
    do {
      const page = await call('GET', `/v1/audit?limit=7${cursor ? `&cursor=${cursor}` : ''}`);
      seen.push(...(page.body.items as { id: string }[]).map(({ id }) => id));
      cursor = page.body.nextCursor;
    } while (cursor !== null);
    const [all] = await service.database.sql`select count(*)::int as lines from ledger`;
    expect([new Set(seen).size, seen.length]).toEqual([all?.lines, all?.lines]);
    expect((await call('GET', '/v1/audit?cursor=x')).status).toBe(400);
    const { items } = (await call('GET', '/v1/audit?actor=admins&limit=100')).body;
    expect((items as Audit[]).every(({ actor }) => /^(key|user):/.test(actor))).toBe(true);
  });
});

describe('an Idempotency-Key', () => {
  const twice = async (path: string, body: unknown, key: string) => {
    const headers = { 'idempotency-key': key };
    return [
      await call('POST', path, body, headers),
      await call('POST', path, body, headers),
    ] as const;
  };

  it('makes a creating call answer the same again, also two at once', async () => {
    const [made, again] = await twice('/v1/products', pen, 'k1');
    expect([made.status, again.status, again.body]).toEqual([201, 201, made.body]);
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(made.headers.get('idempotent-replayed')).toBeNull();
    const sale = { name: 'S', productIds: [made.body.id], startsAt: iso(service.clock.now()) };
    const both = await Promise.all(
      [1, 2].map(() => call('POST', '/v1/sales', sale, { 'idempotency-key': 'k2' })),
    );
    expect(both.map(({ body }) => body.id)).toEqual([both[0]?.body.id, both[0]?.body.id]);
    const add = await twice(`/v1/products/${made.body.id}/stock`, { add: 2 }, 'k3');
    expect(add.map(({ body }) => body.stock)).toEqual([7, 7]);
    const ban = { kind: 'ip', value: '192.0.2.1', reason: 'test' };
    const bans = await twice('/v1/bans', ban, 'k4');
    expect(bans[1].body).toEqual(bans[0].body);
    const passes = await twice(
      `/v1/sales/${both[0]?.body.id}/passes`,
      { lane: 'priority', count: 3 },
      'k5',
    );
    expect(passes[1].body).toEqual(passes[0].body);
    expect(new Set(passes[0].body.passes as string[]).size).toBe(3);
  });

  it('shows no API key twice, and makes no second one', async () => {
    const [made, again] = await twice('/v1/api-keys', { name: 'once', role: 'viewer' }, 'k6');
    expect([made.status, again.status]).toEqual([201, 409]);
    expect(again.body.keyId).toBe(made.body.id);
  });

  it('gives the same answer when what was made has expired since', async () => {
    const { saleId } = await aSale(service);
    const expiresAt = iso(service.clock.now() + 60_000);
    const ban = { kind: 'ip', value: '192.0.2.9', reason: 'test', expiresAt };
    const calls = [
      ['/v1/bans', ban, 201],
      [`/v1/sales/${saleId}/passes`, { lane: 'priority', count: 1, expiresAt }, 201],
      ['/v1/api-keys', { name: 'short', role: 'viewer', expiresAt }, 409],
    ] as const;
    const send = () =>
      Promise.all(
        calls.map(([path, body], i) => call('POST', path, body, { 'idempotency-key': `x${i}` })),
      );
    const made = await send();
    await service.pass(60_001);
    const again = await send();
    expect(made.map(({ status }) => status)).toEqual([201, 201, 201]);
    expect(again.map(({ status }) => status)).toEqual(calls.map(([, , status]) => status));
    expect(again.slice(0, 2).map(({ body }) => body)).toEqual(
      made.slice(0, 2).map(({ body }) => body),
    );
    const late = await call('POST', '/v1/bans', ban);
    expect(late.body.errors).toEqual([{ path: 'expiresAt', message: 'is over already' }]);
  });

  it('is of one caller and one request', async () => {
    const headers = { 'idempotency-key': 'k1' };
    const other = await call('POST', '/v1/products', { ...pen, stock: 6 }, headers);
    expect(`${other.status} ${other.body.type}`).toBe(
      '422 urn:fairgate:problem:idempotency-key-reused',
    );
    const { body } = await call('POST', '/v1/api-keys', { name: 'o', role: 'operator' });
    const theirs = await call('POST', '/v1/products', pen, { ...headers, ...as(body.key) });
    expect(theirs.headers.get('idempotent-replayed')).toBeNull();
    const bad = await call('POST', '/v1/products', pen, { 'idempotency-key': 'a b' });
    expect(bad.status).toBe(400);
  });

  it('that came with a refused call may be used again', async () => {
    const headers = { 'idempotency-key': 'k7' };
    const sale = { name: 'S', productIds: ['prod_00000000000000000000000000'], startsAt: iso(0) };
    expect((await call('POST', '/v1/sales', sale, headers)).status).toBe(400);
    expect((await call('POST', '/v1/products', pen, headers)).status).toBe(201);
  });

  it('is forgotten after 24 h', async () => {
    await service.pass(24 * 3_600_000 + 1);
    await service.sessions.tidy();
    const answer = await call('POST', '/v1/products', pen, { 'idempotency-key': 'k1' });
    expect(answer.headers.get('idempotent-replayed')).toBeNull();
  });
});
