import { newId } from '@fairgate/shared/ids.ts';
import { drainLog } from '@fairgate/shared/log/drain.ts';
import { postgresLog } from '@fairgate/shared/log/postgres-log.ts';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { startBalancer } from '../../e2e/support/balancer.ts';
import { routeDifferences } from '../../e2e/support/conformance.ts';
import { flooding } from '../../e2e/support/flood.ts';
import { call } from '../../e2e/support/http.ts';
import { documentFaults } from '../../e2e/support/openapi-faults.ts';
import { expectProblem } from '../../e2e/support/problem.ts';
import { refusalCases, wrongMethods } from '../../e2e/support/refusal-cases.ts';
import { freshDatabaseUrl } from '../../e2e/support/stores.ts';
import { waitFor } from '../../e2e/support/wait.ts';
import { freePort } from '../../scripts/free-port.ts';
import { checkoutApp } from './http/app.ts';
import type { HttpDeps } from './http/deps.ts';
import { openapiDocument } from './http/openapi.ts';
import { makeRig, type Rig, rigInternalKey, testOrigin } from './testing/checkout-rig.ts';
import { byProvider, byState, byStripe, ofOthers } from './testing/conformance-orders.ts';
import {
  afterTheSale,
  byForm,
  byStanding,
  byWish,
  provenWithoutEnd,
  underWay,
} from './testing/conformance-redemptions.ts';
import {
  type Asked,
  bearer,
  form,
  goodRequest,
  judged,
  post,
  sent,
  takeDatabaseAway,
} from './testing/conformance-rig.ts';
import { times } from './testing/rigs.ts';
import { makeSandbox, type SandboxRig, signedText } from './testing/sandbox-rig.ts';
import { makeStripeRig } from './testing/stripe-rig.ts';

/**
 * Every documented operation is asked for each of its documented answers; an answer that is not
 * documented, and a documented one that nothing brought about, are failures.
 */
const { api, ask } = judged();
let rig: Rig;
let sandbox: SandboxRig;
beforeAll(async () => {
  sandbox = await makeSandbox(async (request) => await rig.services[0]!.fetch(request));
  const databaseUrl = await freshDatabaseUrl(afterAll);
  const providers = [sandbox.provider];
  rig = await makeRig({ databaseUrl, units: [1_000], providers, loops: true });
  const records = ['1 5 joined main 1 - -', '2 6 admitted main 1 1'];
  const log = async (_: string, seq: number) => ({ records: records.slice(seq) });
  await drainLog(
    postgresLog(async (work) => await work(rig.sql)),
    { log },
    rig.saleId,
  );
});
afterAll(async () => {
  await rig.close();
  await sandbox.close();
});

describe('the document', () => {
  it('is one of OpenAPI 3.1', () => {
    expect(documentFaults(openapiDocument(testOrigin))).toEqual([]);
  });

  it('has every route of the app, and no other', () => {
    // Nothing is asked here, so that nothing but the origins is needed.
    const deps = { publicOrigins: [testOrigin] } as unknown as HttpDeps;
    expect(routeDifferences(api.operations, checkoutApp(deps).routes)).toEqual({
      undocumented: [],
      unserved: [],
    });
  });
});

describe.each(api.operations.map((operation) => [operation.name, operation] as const))(
  '%s',
  (name, operation) => {
    it('does what it is for', async () => {
      expect((await ask(rig, sent(name, await goodRequest(name, rig)))).status).toBeLessThan(400);
    });

    it('refuses what the document does not allow', async () => {
      const request = await goodRequest(name, rig);
      for (const { title, slug, ...wrong } of refusalCases(api, operation, request)) {
        const signed = name.startsWith('POST /webhooks') ? signedAnew(wrong) : wrong;
        const answer = await ask(rig, signed);
        expect(`${title}: ${answer.text}`).toContain(`urn:fairgate:problem:${slug}`);
      }
    });
  },
);

/** As the provider would: whatever it sends is signed. */
function signedAnew(wrong: Asked): Asked {
  const { 'content-type': _, ...signature } = signedText(wrong.text ?? '').headers;
  return { ...wrong, headers: { ...wrong.headers, ...signature } };
}

it.each(wrongMethods(api.operations))('$method $path is 405', async ({ method, path, allowed }) => {
  const target = path.replaceAll(/\{\w+\}/g, 'x');
  const response = await rig.services[0]!.fetch(
    new Request(`http://checkout.test${target}`, { method }),
  );
  const { status, headers } = response;
  expectProblem({ status, headers, text: await response.text() }, 'method-not-allowed');
  expect(headers.get('allow')?.split(', ')).toEqual(allowed);
});

describe('a redemption', () => {
  it('is refused by the token’s standing', () => byStanding(rig, ask));
  it('is refused by what it asks for, and by what was', () => byWish(rig, ask));
  it('is under way only once', () => underWay(rig, ask));
  it('is not proven without end', () => provenWithoutEnd(rig, ask));
  it('says by form what is wrong', () => byForm(rig, ask));
  it('is refused after the sale', async () => afterTheSale(await freshDatabaseUrl(), ask));
});

describe('an order', () => {
  it('is nobody else’s', () => ofOthers(rig, ask));
  it('is past some things', () => byState(rig, ask));
  it('is kept where the provider fails', () => byProvider(rig, sandbox, ask));
  it('may be declined in the call itself', async () => {
    const shop = await makeStripeRig({ databaseUrl: await freshDatabaseUrl() });
    onTestFinished(() => shop.close());
    await byStripe(shop, ask);
  });
});

it('what is not there is 404, and what has not begun is not told', async () => {
  const coming = newId('sale');
  await rig.sql`
    insert into sales (id, name, phase, mode, currency, starts_at, room)
    values (${coming}, 'Pens', 'scheduled', 'fifo', 'EUR', now() + interval '1 h', '{}'::jsonb)`;
  const read = (target: string, headers = {}) => ask(rig, { method: 'GET', target, headers });
  for (const log of ['', '/log']) {
    expectProblem(await read(`/api/sales/${coming}/fairness${log}`), 'sale-not-open');
    expectProblem(await read(`/api/sales/${newId('sale')}/fairness${log}`), 'not-found');
  }
  expectProblem(await read('/checkout/assets/nothing.js'), 'not-found');
  expect((await read(`/checkout?sale=${rig.saleId}&lang=de`)).status).toBe(303);
  expect((await read('/checkout/orders/x?lang=fr')).status).toBe(303);
  expect((await read('/checkout?sale=none')).status).toBe(404);
  expect((await read('/checkout/notices/none')).status).toBe(404);
  expect((await ask(rig, post('/checkout/notices/none', {}))).status).toBe(404);
  expect((await ask(rig, form('/checkout?sale=none', { token: 'x' }))).status).toBe(404);
  expectProblem(await ask(rig, form('/checkout?sale=none', {})), 'invalid-request');
  const { headers } = await read('/checkout/assets/order.js');
  const known = { 'if-none-match': headers.get('etag') ?? '' };
  expect((await read('/checkout/assets/order.js', known)).status).toBe(304);
  expectProblem(await ask(rig, post('/webhooks/nobody', {}, '{}')), 'not-found');
  const forged = { ...signedText('{}').headers, 'fairgate-signature': 't=1,v1=00' };
  expectProblem(await ask(rig, post('/webhooks/sandbox', forged, '{}')), 'unauthorized');
});

it('with Postgres away whatever needs it is 503, and says when to ask again', async () => {
  const databaseUrl = await freshDatabaseUrl();
  const providers = [sandbox.provider];
  const lost = await makeRig({ databaseUrl, units: [100], providers });
  onTestFinished(() => lost.close());
  const requests: Asked[] = [];
  for (const { name } of api.operations) {
    // A paid order needs the provider's word, which goes to another rig.
    if (name.startsWith('POST /internal')) continue;
    requests.push(sent(name, await goodRequest(name, lost)));
  }
  const headers = { 'content-type': 'application/json', ...bearer(rigInternalKey) };
  const refund = `/internal/orders/${newId('ord')}/refund`;
  requests.push(post(refund, headers, '{"actor":"key:key_1"}'));
  await takeDatabaseAway(databaseUrl);
  const answers = await Promise.all(requests.map((asked) => ask(lost, asked)));
  expect(answers.filter(({ status }) => status === 503).length).toBeGreaterThan(10);
});

describe('behind the balancer', () => {
  const reached = api.operations.filter(({ answers }) =>
    answers.some(({ slugs }) => slugs.includes('rate-limited')),
  );
  const askAt = async (url: string, { method, target, headers, text }: Asked) => {
    const answer = await call(`${url}${target}`, {
      method,
      headers,
      ...(text === undefined ? {} : { body: text }),
    });
    api.see(method, target, answer);
    return answer;
  };

  it('no checkout answers: 503; and who asks too often is told so, whatever they ask for', async () => {
    const upstreams = [`127.0.0.1:${await freePort()}`];
    const balancer = await startBalancer({ upstreams, limitLoopback: true });
    onTestFinished(() => balancer.stop());
    const requests = await Promise.all(
      reached.map(async ({ name }) => sent(name, await goodRequest(name, rig))),
    );
    // A browser is told in a page where there is one, so that each is asked for both ways.
    const asBrowser = (asked: Asked): Asked => {
      return { ...asked, headers: { ...asked.headers, accept: 'text/html' } };
    };
    for (const asked of requests) {
      for (const one of [asked, asBrowser(asked)]) {
        expect((await askAt(balancer.url, one)).status).toBe(503);
      }
    }
    const refused = async (asked: Asked) => {
      const answers = await times(60, async (i) => {
        const { status } = await askAt(balancer.url, i % 2 === 0 ? asked : asBrowser(asked));
        return status === 429 && i % 2;
      });
      return answers.includes(0) && answers.includes(1);
    };
    for (const asked of requests) {
      const refusal = () => waitFor(`a refusal of ${asked.target}`, 30, () => refused(asked));
      // Providers may send 2,000 at once, and 500 a second; an address 200, and 50.
      const isOfProvider = asked.target.startsWith('/webhooks');
      await (isOfProvider ? flooding(balancer.url + asked.target, refusal) : refusal());
    }
  }, 120_000);
});

it('every documented answer was brought about', () => {
  expect(api.missing()).toEqual([]);
});
