import { afterAll, beforeAll, expect, it } from 'vitest';
import { adminKey, pen, type Service, testService } from '../../test/fixture.ts';
import { controlEndpoints as endpoints } from './control-endpoints.ts';

let service: Service;
beforeAll(async () => {
  service = await testService(afterAll);
});
const call: Service['call'] = (...args) => service.call(...args);
const as = (key: unknown) => ({ authorization: `Bearer ${key}` });

it('a key is shown once, kept as a hash, and works until it is revoked', async () => {
  const made = await call('POST', '/v1/api-keys', { name: 'shop', role: 'operator' });
  expect(made.status).toBe(201);
  expect(made.body.key).toMatch(/^fgk_[\w-]{43}$/);
  expect((await call('POST', '/v1/products', pen, as(made.body.key))).status).toBe(201);
  const list = await call('GET', '/v1/api-keys');
  expect(list.body.items).toContainEqual(
    expect.objectContaining({ id: made.body.id, name: 'shop', role: 'operator' }),
  );
  expect(JSON.stringify(list.body)).not.toContain('fgk_');
  const stored = JSON.stringify(await service.database.sql`select * from api_keys`);
  const logged = JSON.stringify(await service.database.sql`select * from ledger`);
  expect(stored + logged).not.toContain(String(made.body.key));
  expect((await call('DELETE', `/v1/api-keys/${made.body.id}`)).status).toBe(204);
  expect((await call('GET', '/v1/products', undefined, as(made.body.key))).status).toBe(401);
  expect((await call('DELETE', `/v1/api-keys/${made.body.id}`)).status).toBe(404);
});

it('the last admin key stays, even where two are deleted at once', async () => {
  const [first] = (await call('GET', '/v1/api-keys')).body.items as { id: string }[];
  const second = await call('POST', '/v1/api-keys', { name: 'second', role: 'admin' });
  const answers = await Promise.all(
    [first?.id, second.body.id].map((id) =>
      call('DELETE', `/v1/api-keys/${id}`, undefined, as(second.body.key)),
    ),
  );
  expect(answers.map((answer) => answer.status).sort()).toEqual([204, 409]);
  await service.database.sql`update api_keys set revoked_at = null where name = 'first'`;
  await service.pass(2_000);
});

it('a bootstrap key is taken once, and stays revoked', async () => {
  await service.keys.bootstrap('fgk_another-bootstrap-key');
  await service.keys.bootstrap('fgk_another-bootstrap-key');
  const found = await service.keys.whose('fgk_another-bootstrap-key');
  await call('DELETE', `/v1/api-keys/${found?.keyId}`);
  await service.keys.bootstrap('fgk_another-bootstrap-key');
  expect(await service.keys.whose('fgk_another-bootstrap-key')).toBeNull();
});

it('who has no valid key gets 401 and is told how to authenticate', async () => {
  for (const authorization of ['', 'Bearer', 'Bearer nonsense', `Basic ${adminKey}`]) {
    const answer = await call('GET', '/v1/sales', undefined, { authorization });
    expect(answer.status).toBe(401);
    expect(answer.body.type).toBe('urn:fairgate:problem:unauthorized');
    expect(answer.headers.get('www-authenticate')).toBe('Bearer');
  }
});

it('every call asks for a key, and for its role before it looks at the input', async () => {
  const ranks = ['viewer', 'operator', 'admin'] as const;
  const keys = await Promise.all(
    ranks.map(async (role) => (await call('POST', '/v1/api-keys', { name: role, role })).body.key),
  );
  const id = '_00000000000000000000000000';
  for (const endpoint of endpoints) {
    const path = endpoint.path.replace('{id}', `${endpoint.idPrefix}${id}`);
    const bare = await call(endpoint.method, path, undefined, { authorization: '' });
    expect([path, bare.status]).toEqual([path, 401]);
    for (const [rank, role] of ranks.entries()) {
      const { status } = await call(endpoint.method, path, undefined, as(keys[rank]));
      const enough = rank >= ranks.indexOf(endpoint.role);
      expect([endpoint.method, path, role, status === 403]).toEqual([
        endpoint.method,
        path,
        role,
        !enough,
      ]);
    }
  }
});

it('the description names every call, and each page and document loads without a key', async () => {
  const { body } = await call('GET', '/openapi.json', undefined, { authorization: '' });
  const paths = body.paths as Record<string, Record<string, unknown>>;
  for (const { path, method } of endpoints) {
    expect(paths[path]?.[method.toLowerCase()]).toMatchObject({ responses: expect.anything() });
  }
  expect(paths['/v1/products']?.post).toMatchObject({
    requestBody: {
      content: {
        'application/json': { schema: { required: expect.arrayContaining(['name', 'stock']) } },
      },
    },
  });
  const docs = await call('GET', '/docs');
  expect(docs.body.text).not.toMatch(/(src|href)="?https?:/);
  for (const path of ['/healthz', '/readyz', '/metrics', '/docs']) {
    expect((await call('GET', path, undefined, { authorization: '' })).status).toBe(200);
  }
});
