import { unsubscribeLink } from '@fairgate/shared/notices/unsubscribing.ts';
import postgres from 'postgres';
import { inject } from 'vitest';
import { type Conformance, conformance } from '../../../e2e/support/conformance.ts';
import type { Answer } from '../../../e2e/support/http.ts';
import type { GoodRequest, RefusalCase } from '../../../e2e/support/refusal-cases.ts';
import { openapiDocument } from '../http/openapi.ts';
import { type Rig, rigInternalKey, rigNoticeKeys, testOrigin } from './checkout-rig.ts';
import { cards, type PlacedOrder, placeOrder } from './payment-rig.ts';
import { sandboxEvent } from './sandbox-rig.ts';

export type Asked = Omit<RefusalCase, 'title' | 'slug'>;

/** For tests: a checkout whose every answer is held against its own description. */
export type Judged = {
  api: Conformance;
  /** Asks an instance, and judges its answer. */
  ask(rig: Rig, asked: Asked): Promise<Answer>;
};

export function judged(): Judged {
  const api = conformance(openapiDocument(testOrigin));
  return {
    api,
    async ask(rig, { method, target, headers, text }) {
      const body = text === undefined ? {} : { body: text };
      // As every HTTP client has it, where a body is not streamed.
      const length = { 'content-length': String(Buffer.byteLength(text ?? '')) };
      const init = { method, headers: { ...length, ...headers }, ...body };
      const request = new Request(`http://checkout.test${target}`, init);
      const service = rig.services[0];
      if (service === undefined) throw new Error('the rig has no instance');
      const response = await service.fetch(request);
      const answer = {
        status: response.status,
        headers: response.headers,
        text: await response.text(),
      };
      api.see(method, target, answer);
      return answer;
    },
  };
}

export const bearer = (key: string) => ({ authorization: `Bearer ${key}` });
const formType = 'application/x-www-form-urlencoded';

/** A request of each operation that is done as asked; each is of an order or token of its own. */
type GoodRequests = Record<string, (rig: Rig) => Promise<GoodRequest>>;

const ofOrder = (path: (order: PlacedOrder) => string, body?: object) => async (rig: Rig) => {
  const order = await placeOrder(rig);
  return { target: path(order), headers: bearer(order.key), ...(body ? { body } : {}) };
};
const ofSale = (path: string) => async (rig: Rig) => ({
  target: `/api/sales/${rig.saleId}${path}`,
  headers: {},
});
const plain = (target: string) => async () => ({ target, headers: {} });

const goodRequests: GoodRequests = {
  'POST /v1/redemptions': async (rig) => ({
    target: '/v1/redemptions',
    headers: bearer(await rig.token()),
    body: { items: [{ productId: rig.products[0], quantity: 1 }], email: 'shopper@example.org' },
  }),
  'GET /v1/orders/{id}': ofOrder(({ path }) => path),
  'GET /v1/orders/{id}/events': async (rig) => {
    const order = await placeOrder(rig);
    // Its stream ends by itself.
    await order.cancel();
    return { target: `${order.path}/events`, headers: bearer(order.key) };
  },
  'POST /v1/orders/{id}/payments': ofOrder(({ path }) => `${path}/payments`, {
    provider: 'sandbox',
    card: cards.pays,
  }),
  'POST /v1/orders/{id}/cancel': ofOrder(({ path }) => `${path}/cancel`),
  'POST /v1/orders/{id}/extend': ofOrder(({ path }) => `${path}/extend`),
  'POST /webhooks/{provider}': async () => {
    const { text, headers } = sandboxEvent({
      paymentId: 'pay_nothing',
      reference: 'sbx_1',
      state: 'succeeded',
      amountMinor: 1,
      currency: 'EUR',
    });
    return { target: '/webhooks/sandbox', headers, body: JSON.parse(text) };
  },
  'GET /api/sales/{id}/fairness': ofSale('/fairness'),
  'GET /api/sales/{id}/fairness/log': ofSale('/fairness/log'),
  'GET /checkout': async ({ saleId }) => ({ target: `/checkout?sale=${saleId}`, headers: {} }),
  'POST /checkout': async (rig) => ({
    target: `/checkout?sale=${rig.saleId}`,
    headers: {},
    body: { token: await rig.token() },
  }),
  'POST /checkout/redeem': async (rig) => ({
    target: '/checkout/redeem',
    headers: {},
    body: await redeemForm(rig),
  }),
  'GET /checkout/orders/{id}': ofOrder(({ id }) => `/checkout/orders/${id}`),
  'POST /checkout/orders/{id}/pay': ofOrder(({ id }) => `/checkout/orders/${id}/pay`, {
    card: cards.pays,
  }),
  'POST /checkout/orders/{id}/cancel': ofOrder(({ id }) => `/checkout/orders/${id}/cancel`),
  'POST /checkout/orders/{id}/extend': ofOrder(({ id }) => `/checkout/orders/${id}/extend`),
  'GET /checkout/notices/{signed}': async (rig) => ({ target: noticeLink(rig), headers: {} }),
  'POST /checkout/notices/{signed}': async (rig) => ({ target: noticeLink(rig), headers: {} }),
  'GET /checkout/assets/{name}': plain('/checkout/assets/checkout.js'),
  'POST /internal/orders/{id}/refund': async (rig) => {
    const order = await placeOrder(rig);
    await order.pay(cards.pays);
    await order.reaches('paid');
    return {
      target: `/internal/orders/${order.id}/refund`,
      headers: bearer(rigInternalKey),
      body: { actor: 'key:key_1', reason: 'a test' },
    };
  },
  'POST /internal/sales/{id}/outcomes': async (rig) => {
    const items = [{ productId: rig.products[0], quantity: 1 }];
    return {
      target: `/internal/sales/${rig.saleId}/outcomes`,
      headers: bearer(rigInternalKey),
      body: {
        actor: 'key:key_1',
        outcomes: [
          { token: await rig.token(), outcome: 'bought', items },
          { token: await rig.token(), outcome: 'abandoned' },
          { token: await rig.token(), outcome: 'started' },
        ],
      },
    };
  },
  'GET /healthz': plain('/healthz'),
  'GET /readyz': plain('/readyz'),
  'GET /metrics': plain('/metrics'),
  'GET /openapi.json': plain('/openapi.json'),
  'GET /docs': plain('/docs'),
};

/** As a mail of the rig's sale has it, without the origin. */
export function noticeLink({ saleId }: Rig, address = 'shopper@example.org'): string {
  return unsubscribeLink(rigNoticeKeys, '', { saleId, address });
}

export async function redeemForm(rig: Rig, fields: Record<string, string> = {}) {
  const token = fields.token ?? (await rig.token());
  const productId = rig.products[0] ?? '';
  const form = { sale: rig.saleId, token, key: `form-${crypto.randomUUID()}`, productId };
  return { ...form, quantity: '1', email: '', ...fields };
}

export const post = (target: string, headers: Record<string, string>, text?: string): Asked => ({
  method: 'POST',
  target,
  headers,
  ...(text === undefined ? {} : { text }),
});

export const form = (target: string, fields: Record<string, string>, key?: string): Asked =>
  post(
    target,
    { 'content-type': formType, ...(key === undefined ? {} : bearer(key)) },
    new URLSearchParams(fields).toString(),
  );

/** Throws where nobody has told how the operation is asked. */
export async function goodRequest(name: string, rig: Rig): Promise<GoodRequest> {
  const make = goodRequests[name];
  if (make === undefined) throw new Error(`there is no request for ${name}`);
  return await make(rig);
}

/** A good request as it is sent. */
export function sent(operation: string, { target, headers, body }: GoodRequest): Asked {
  const [method = ''] = operation.split(' ');
  if (body === undefined) return { method, target, headers };
  const isForm = operation.includes(' /checkout');
  const text = isForm ? new URLSearchParams({ ...Object(body) }).toString() : JSON.stringify(body);
  const type = isForm ? formType : 'application/json';
  return { method, target, headers: { 'content-type': type, ...headers }, text };
}

/** From here on nobody gets a connection to the database, and those that there are end. */
export async function takeDatabaseAway(databaseUrl: string): Promise<void> {
  const name = new URL(databaseUrl).pathname.slice(1);
  const sql = postgres(inject('postgresUrl'), { max: 1, onnotice: () => {} });
  try {
    await sql.unsafe(`alter database ${name} with allow_connections false`);
    await sql`select pg_terminate_backend(pid) from pg_stat_activity where datname = ${name}`;
  } finally {
    await sql.end();
  }
}
