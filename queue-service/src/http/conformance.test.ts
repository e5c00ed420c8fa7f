import { bansMax } from '@fairgate/shared/bans/ban.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Conformance,
  conformance,
  routeDifferences,
} from '../../../e2e/support/conformance.ts';
import type { Answer } from '../../../e2e/support/http.ts';
import type { DocumentedOperation } from '../../../e2e/support/openapi-document.ts';
import { adminKey, type Service, testService } from '../../test/fixture.ts';
import { answerOf, propertiesOf, unknownId } from '../../test/operations.ts';
import { type Scenario, scenarios } from '../../test/scenarios.ts';
import type { Checkouts } from '../app/ports.ts';
import { controlEndpoints } from './control-endpoints.ts';
import { openApiDocument } from './openapi.ts';

/**
 * Every documented operation is asked for each of its documented answers; an answer that is not
 * documented, and a documented one that nothing brought about, are failures.
 */
const api = conformance(openApiDocument(controlEndpoints));
const guarded = api.operations.filter(({ isGuarded, path }) => isGuarded && path !== '/v1/session');
const open = api.operations.filter((one) => !guarded.includes(one));
const checkouts: Checkouts = {
  refund: async () => ({ kind: 'refunded' }),
  report: async (_, { outcomes }) => {
    return { kind: 'reported', results: outcomes.map(() => ({ result: 'accepted', order: null })) };
  },
};

let service: Service;
/** By role. */
const keys = new Map<string, string>();
beforeAll(async () => {
  service = await testService(afterAll, checkouts);
  for (const role of ['viewer', 'operator']) {
    const { body } = await service.call('POST', '/v1/api-keys', { name: role, role });
    keys.set(role, String(body.key));
  }
});

type Asked = Scenario & { key?: string; address?: string };

const unknownDelivery = 'dlv_00000000000000000000000000';
const targetOf = (operation: DocumentedOperation, asked: Asked) => {
  const { id = unknownId(operation), deliveryId = unknownDelivery, query = '' } = asked;
  const path = operation.path.replace('{id}', id).replace('{deliveryId}', deliveryId);
  return `${path}${query}`;
};

/** Asks, and holds the answer against the document. */
async function ask(
  operation: DocumentedOperation,
  asked: Asked = {},
  of: Pick<Service, 'api'> = service,
  judge: Conformance = api,
): Promise<Answer> {
  const { method } = operation;
  const { body, text, headers = {}, key = adminKey, address } = asked;
  const sent = text ?? (body === undefined ? undefined : JSON.stringify(body));
  const own = {
    ...(key === '' ? {} : { authorization: `Bearer ${key}` }),
    ...(sent === undefined ? {} : { 'content-type': 'application/json' }),
    ...headers,
  };
  const target = targetOf(operation, asked);
  const init = { method, headers: own, ...(sent === undefined ? {} : { body: sent }) };
  const env =
    address === undefined ? undefined : { incoming: { socket: { remoteAddress: address } } };
  const response = await of.api.request(target, init, env);
  const answer = await answerOf(response);
  judge.see(method, target, answer);
  return answer;
}

/** A test where it applies; elsewhere there is none, and none that is skipped. */
function itWhen(applies: boolean, name: string, test: () => Promise<void>): void {
  if (applies) it(name, test);
}

const has = ({ answers }: DocumentedOperation, status: number) =>
  answers.some((answer) => answer.status === status);
const roleOf = ({ method, path }: DocumentedOperation) =>
  controlEndpoints.find((one) => one.method === method && one.path === path)?.role ?? 'viewer';
const scenarioOf = async ({ name }: DocumentedOperation): Promise<Scenario> => {
  const make = scenarios[name];
  if (make === undefined) throw new Error(`there is no scenario for ${name}`);
  return await make(service);
};

it('the document has every route of the app, and no other', () => {
  const routes = service.api.routes.filter(
    ({ method, path }) => method !== 'ALL' && !path.startsWith('/console'),
  );
  expect(routeDifferences(api.operations, routes)).toEqual({ undocumented: [], unserved: [] });
});

describe.each(guarded.map((operation) => [operation.name, operation] as const))(
  '%s',
  (_, operation) => {
    it('does what it is for', async () => {
      const { conflict: _, ...scenario } = await scenarioOf(operation);
      expect((await ask(operation, scenario)).status).toBeLessThan(300);
      const types = operation.answers.flatMap(({ status, content }) =>
        status === 200 ? Object.keys(content) : [],
      );
      for (const accept of types.slice(1)) {
        await ask(operation, { ...scenario, headers: { accept } });
      }
    });

    it('refuses who has no key, or too low a role, or comes from another page', async () => {
      expect((await ask(operation, { key: '' })).status).toBe(401);
      expect((await ask(operation, { key: 'fgk_guess' })).status).toBe(401);
      const role = roleOf(operation);
      const below =
        role === 'admin' ? ['viewer', 'operator'] : role === 'operator' ? ['viewer'] : [];
      for (const key of below) {
        expect((await ask(operation, { key: keys.get(key) ?? '' })).status).toBe(403);
      }
      const cookie = `fairgate_session=${'s'.repeat(43)}`;
      const foreign = { cookie, origin: 'https://evil.example' };
      expect((await ask(operation, { key: '', headers: foreign })).status).toBe(403);
    });

    itWhen(has(operation, 404), 'knows nothing by an id that there is not', async () => {
      const { conflict: _, id: __, ...scenario } = await scenarioOf(operation);
      expect((await ask(operation, scenario)).status).toBe(404);
      expect((await ask(operation, { ...scenario, id: 'nonsense' })).status).toBe(404);
    });

    itWhen(has(operation, 400), 'refuses what is not valid, and says where', async () => {
      const { conflict: _, text: __, ...scenario } = await scenarioOf(operation);
      if (operation.body === null) {
        const wrong = operation.parameters.filter((one) => one.in === 'query');
        const query =
          wrong.length === 0 ? '' : `?${wrong.map(({ name }) => `${name}=%00`).join('&')}`;
        const headers = wrong.length === 0 ? { 'idempotency-key': 'not one' } : {};
        expect((await ask(operation, { ...scenario, query, headers })).status).toBe(400);
        return;
      }
      const bodies: unknown[] = [
        [],
        'text',
        7,
        null,
        { ...Object(scenario.body), unknownField: 1 },
      ];
      for (const name of propertiesOf(operation)) {
        bodies.push({ ...Object(scenario.body), [name]: { wrong: true } });
      }
      for (const body of bodies) {
        const answer = await ask(operation, { ...scenario, body });
        expect([body, answer.status]).toEqual([body, 400]);
        expect(JSON.parse(answer.text).errors.length).toBeGreaterThan(0);
      }
      for (const text of ['{', '', '{"a":1', 'undefined']) {
        if (text === '' && operation.body.required === false) continue;
        expect((await ask(operation, { ...scenario, text })).status).toBe(400);
      }
    });

    itWhen(has(operation, 413), 'refuses a body that is too large', async () => {
      const { conflict: _, ...scenario } = await scenarioOf(operation);
      const headers = { 'content-length': String(2 ** 40) };
      expect((await ask(operation, { ...scenario, headers })).status).toBe(413);
      if (operation.body?.content['application/json'] === undefined) return;
      const text = JSON.stringify({ ...Object(scenario.body), pad: 'x'.repeat(70_000) });
      expect((await ask(operation, { ...scenario, text })).status).toBe(413);
    });

    itWhen(has(operation, 415), 'refuses another content type', async () => {
      const { conflict: _, ...scenario } = await scenarioOf(operation);
      for (const type of ['text/plain', 'application/x-www-form-urlencoded']) {
        const headers = { 'content-type': type };
        expect((await ask(operation, { ...scenario, text: 'a=1', headers })).status).toBe(415);
      }
    });

    itWhen(has(operation, 412), 'refuses who has not seen the last change', async () => {
      const { conflict: _, ...scenario } = await scenarioOf(operation);
      for (const tag of ['"v999"', 'nonsense', '"v0", "v998"']) {
        const headers = { 'if-match': tag };
        expect((await ask(operation, { ...scenario, headers })).status).toBe(412);
      }
    });

    itWhen(has(operation, 422), 'takes an Idempotency-Key for one request', async () => {
      const { conflict: _, otherBody, ...scenario } = await scenarioOf(operation);
      const key = `of-${operation.name.replaceAll(' ', '-')}`;
      const headers = { ...scenario.headers, 'idempotency-key': key };
      expect((await ask(operation, { ...scenario, headers })).status).toBeLessThan(300);
      const other =
        otherBody === undefined ? await scenarioOf(operation) : { ...scenario, body: otherBody };
      expect((await ask(operation, { ...other, headers })).status).toBe(422);
    });

    itWhen(
      has(operation, 409) && operation.name !== 'POST /v1/bans',
      'refuses what the state does not allow',
      async () => {
        const { conflict } = await scenarioOf(operation);
        if (conflict === undefined) throw new Error('there is no scenario for the 409');
        const answer = await ask(operation, conflict);
        expect(answer.status).toBe(409);
        expect(JSON.parse(answer.text).detail.length).toBeGreaterThan(10);
      },
    );
  },
);

it('there are no more bans than a list may hold', async () => {
  const operation = api.operation('POST', '/v1/bans');
  await service.database.sql`
    insert into bans (id, kind, value, reason, actor)
    select 'ban_x' || n, 'visitor', 'v' || n, 'full', 'system:test'
    from generate_series(1, ${bansMax}::int) as n`;
  const body = { kind: 'ip', value: '192.0.2.9', reason: 'one more' };
  expect((await ask(operation, { body })).status).toBe(409);
  await service.database.sql`delete from bans`;
});

describe('calls without a key', () => {
  const session = (method: string) => api.operation(method, '/v1/session');
  const foreign = { origin: 'https://evil.example' };

  it('answer as documented', async () => {
    for (const operation of open) {
      if (operation.path !== '/v1/session') await ask(operation, { key: '' });
    }
    const signed = await ask(session('POST'), { key: '', body: { key: adminKey } });
    const cookie = (signed.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
    await ask(session('GET'), { key: '', headers: { cookie } });
    await ask(session('GET'), { key: '' });
    await ask(session('GET'), { key: '', headers: { cookie, ...foreign } });
    await ask(session('DELETE'), { key: '', headers: { cookie, ...foreign } });
    await ask(session('DELETE'), { key: '', headers: { 'content-length': String(2 ** 40) } });
    await ask(session('DELETE'), { key: '', headers: { cookie } });
  });

  it('signing in refuses what is no key', async () => {
    const post = session('POST');
    await ask(post, { key: '', body: { key: 'fgk_wrong' } });
    await ask(post, { key: '', body: { key: adminKey }, headers: foreign });
    for (const body of [{}, { key: 7 }, { key: adminKey, more: 1 }, []]) {
      expect((await ask(post, { key: '', body })).status).toBe(400);
    }
    await ask(post, { key: '', text: 'key=x', headers: { 'content-type': 'text/plain' } });
    await ask(post, { key: '', body: { key: 'x'.repeat(70_000) } });
  });
});

it('who guessed keys is refused everywhere', async () => {
  const address = '203.0.113.99';
  const [first] = guarded;
  if (first === undefined) throw new Error('there are no operations');
  for (let attempt = 0; attempt < 21; attempt += 1) await ask(first, { key: 'fgk_guess', address });
  const signing = ['GET', 'POST'].map((method) => api.operation(method, '/v1/session'));
  for (const operation of [...guarded, ...signing]) {
    const body = operation.path === '/v1/session' ? { body: { key: adminKey } } : {};
    const asked = operation.method === 'GET' ? {} : body;
    expect((await ask(operation, { ...asked, address })).status).toBe(429);
  }
});

it('without Postgres everything that needs it says so, and when to try again', async () => {
  const other = await testService();
  await other.database.close();
  await other.pass(2_000);
  const affected = api.operations.filter((operation) => has(operation, 503));
  for (const operation of affected) {
    const isSession = operation.path === '/v1/session';
    const cookie = { cookie: `fairgate_session=${'s'.repeat(43)}` };
    const asked: Asked = isSession
      ? operation.method === 'POST'
        ? { body: { key: adminKey } }
        : { key: '', headers: cookie }
      : {};
    const answer = await ask(operation, asked, other);
    expect([operation.name, answer.status]).toEqual([operation.name, 503]);
  }
});

it('everything that is documented was answered by one of these', () => {
  expect(api.missing()).toEqual([]);
});
