import { anOrder, aSale, iso, pen, type Service } from './fixture.ts';
import { webhookScenarios } from './webhook-scenarios.ts';

/** A request that is answered as documented, and how else it may be. */
export type Scenario = {
  /** Of the `{id}` in the path. */
  id?: string;
  /** Of the `{deliveryId}` in it. */
  deliveryId?: string;
  query?: string;
  body?: unknown;
  /** Sent as it is, where the body is no JSON. */
  text?: string;
  /** As valid as `body`, and another. */
  otherBody?: unknown;
  headers?: Record<string, string>;
  /** Another request for the same operation that is a 409. */
  conflict?: Omit<Scenario, 'conflict'>;
};

type Made = Promise<Scenario> | Scenario;
export type Scenarios = Record<string, (service: Service) => Made>;

const product = async ({ call }: Service) =>
  String((await call('POST', '/v1/products', pen)).body.id);
const draft = async (service: Service) => (await aSale(service)).saleId;
const publicSale = async (service: Service) =>
  (await aSale(service, { publish: true, startsAt: iso(service.clock.now()) })).saleId;
async function closedSale(service: Service) {
  const made = await aSale(service, { publish: true, startsAt: iso(service.clock.now()) });
  await service.call('POST', `/v1/sales/${made.saleId}/close`);
  return made;
}
const wrongName = { body: { confirm: 'another name' } };

const productScenarios: Scenarios = {
  'POST /v1/products': () => ({ body: pen, otherBody: { ...pen, stock: 9 } }),
  'GET /v1/products': () => ({ query: '?limit=2' }),
  'GET /v1/products/export': () => ({}),
  'POST /v1/products/import': () => {
    const text = `name,priceMinor,currency,stock\n${crypto.randomUUID()},1,EUR,1\n`;
    return { text, headers: { 'content-type': 'text/csv' } };
  },
  'GET /v1/products/{id}': async (service) => ({ id: await product(service) }),
  'PATCH /v1/products/{id}': async (service) => {
    const { productId } = await aSale(service, { publish: true });
    const conflict = { id: productId, body: { currency: 'USD' } };
    return { id: productId, body: { name: 'Quill' }, conflict };
  },
  'DELETE /v1/products/{id}': async (service) => {
    const { productId } = await aSale(service, { publish: true });
    return { id: await product(service), conflict: { id: productId } };
  },
  'POST /v1/products/{id}/stock': async (service) => {
    return { id: await product(service), body: { add: 1 }, otherBody: { add: 2 } };
  },
};

const saleScenarios: Scenarios = {
  'POST /v1/sales': async (service) => {
    const startsAt = iso(service.clock.now() + 60_000);
    const body = { name: 'S', productIds: [await product(service)], startsAt };
    const { productId } = await aSale(service, { publish: true });
    const conflict = { body: { ...body, productIds: [productId] } };
    return { body, otherBody: { ...body, name: 'T' }, conflict };
  },
  'GET /v1/sales': () => ({}),
  'GET /v1/sales/{id}': async (service) => ({ id: await draft(service) }),
  'PATCH /v1/sales/{id}': async (service) => {
    const { saleId } = await closedSale(service);
    return { id: await draft(service), body: { name: 'T' }, conflict: { id: saleId, body: {} } };
  },
  'DELETE /v1/sales/{id}': async (service) => {
    return { id: await draft(service), conflict: { id: await publicSale(service) } };
  },
  'POST /v1/sales/{id}/copy': async (service) => {
    const id = await draft(service);
    const body = { startsAt: iso(service.clock.now() + 60_000) };
    const conflict = { id, body: { ...body, products: 'same' } };
    return { id, body, otherBody: { ...body, name: 'Other' }, conflict };
  },
  'POST /v1/sales/{id}/publish': async (service) => {
    return {
      id: await draft(service),
      body: {},
      conflict: { id: (await closedSale(service)).saleId },
    };
  },
  'POST /v1/sales/{id}/open': async (service) => {
    const { saleId: id } = await aSale(service, { publish: true });
    return { id, body: {}, conflict: { id: await draft(service) } };
  },
  'POST /v1/sales/{id}/pause': async (service) => {
    return { id: await publicSale(service), body: {}, conflict: { id: await draft(service) } };
  },
  'POST /v1/sales/{id}/resume': async (service) => {
    return { id: await publicSale(service), body: {}, conflict: { id: await draft(service) } };
  },
  'POST /v1/sales/{id}/close': async (service) => {
    const id = await publicSale(service);
    return { id, body: { confirm: 'Pens' }, conflict: { id, ...wrongName } };
  },
  'GET /v1/sales/{id}/checks': async (service) => ({ id: await draft(service) }),
  'POST /v1/sales/{id}/preview': async (service) => ({ id: await draft(service) }),
  'GET /v1/sales/{id}/room': async (service) => ({ id: await publicSale(service) }),
  'PATCH /v1/sales/{id}/room': async (service) => {
    const { saleId } = await closedSale(service);
    const body = { message: 'Soon' };
    return { id: await publicSale(service), body, conflict: { id: saleId, body } };
  },
  'GET /v1/sales/{id}/appearance': async (service) => ({ id: await draft(service) }),
  'PUT /v1/sales/{id}/appearance': async (service) => {
    const logo = { logoUrl: 'https://shop.example/logo.png', logoAlt: 'The shop' };
    const body = { ...logo, html: '<p onclick=x()>Welcome</p>' };
    const { saleId } = await closedSale(service);
    return { id: await publicSale(service), body, conflict: { id: saleId, body } };
  },
  'DELETE /v1/sales/{id}/appearance': async (service) => {
    const { saleId } = await closedSale(service);
    return { id: await publicSale(service), conflict: { id: saleId } };
  },
  'GET /v1/sales/{id}/history': async (service) => {
    const id = await publicSale(service);
    await service.history.keep();
    return { id, query: '?step=second' };
  },
  'GET /v1/sales/{id}/stream': async (service) => ({ id: await publicSale(service) }),
  'GET /v1/sales/{id}/summary': async (service) => {
    const { saleId, productId } = await aSale(service, { publish: true });
    await anOrder(service, { saleId, productId, jti: `s-${saleId}`, state: 'paid' });
    return { id: saleId };
  },
  'GET /v1/sales/{id}/fairness': async (service) => ({ id: await publicSale(service) }),
  'GET /v1/sales/{id}/fairness/log': async (service) => ({ id: await publicSale(service) }),
  'GET /v1/sales/{id}/fairness/arrivals': async (service) => ({ id: await publicSale(service) }),
  'GET /v1/sales/{id}/fairness/proof': async (service) => ({ id: await publicSale(service) }),
  'POST /v1/sales/{id}/passes': async (service) => {
    const { saleId } = await closedSale(service);
    const body = { lane: 'priority', count: 2 };
    const otherBody = { ...body, count: 3 };
    return { id: await publicSale(service), body, otherBody, conflict: { id: saleId, body } };
  },
  'POST /v1/sales/{id}/revoke': async (service) => {
    const body = { visitor: 'v1' };
    return { id: await publicSale(service), body, conflict: { id: await draft(service), body } };
  },
};

const orderScenarios: Scenarios = {
  'GET /v1/orders': async (service) => {
    const { saleId, productId } = await aSale(service, { publish: true });
    await anOrder(service, { saleId, productId, jti: `l-${saleId}`, state: 'paid' });
    return { query: `?saleId=${saleId}&q=1` };
  },
  'GET /v1/orders/{id}': async (service) => {
    const { saleId, productId } = await aSale(service, { publish: true });
    const order = { saleId, productId, jti: `g-${saleId}`, state: 'paid' } as const;
    return { id: (await anOrder(service, order)).orderId };
  },
  'POST /v1/orders/{id}/refund': async (service) => {
    const { saleId, productId } = await aSale(service, { publish: true });
    const order = { saleId, productId, jti: `r-${saleId}`, state: 'paid' } as const;
    const id = (await anOrder(service, order)).orderId;
    return { id, body: {}, conflict: { id, ...wrongName } };
  },
  'POST /v1/sales/{id}/outcomes': async (service) => {
    const body = { outcomes: [{ token: 'a.b.c', outcome: 'abandoned' }] };
    return { id: await publicSale(service), body, conflict: { id: await draft(service), body } };
  },
  'POST /v1/sales/{id}/refund-all': async (service) => {
    const { saleId } = await closedSale(service);
    return { id: saleId, body: {}, conflict: { id: saleId, ...wrongName } };
  },
};

const ban = { kind: 'ip', value: '192.0.2.1', reason: 'test' };
const aBan = async ({ call }: Service) => String((await call('POST', '/v1/bans', ban)).body.id);

const accessScenarios: Scenarios = {
  'POST /v1/bans': () => ({ body: ban, otherBody: { ...ban, value: '192.0.2.2' } }),
  'GET /v1/bans': () => ({}),
  'GET /v1/bans/{id}': async (service) => ({ id: await aBan(service) }),
  'DELETE /v1/bans/{id}': async (service) => ({ id: await aBan(service) }),
  'POST /v1/api-keys': async ({ call }) => {
    const body = { name: 'k', role: 'viewer' };
    const headers = { 'idempotency-key': 'shown-once' };
    await call('POST', '/v1/api-keys', body, headers);
    return { body, otherBody: { ...body, name: 'l' }, conflict: { body, headers } };
  },
  'GET /v1/api-keys': () => ({}),
  'DELETE /v1/api-keys/{id}': async ({ call }) => {
    const made = await call('POST', '/v1/api-keys', { name: 'k', role: 'viewer' });
    const { items } = (await call('GET', '/v1/api-keys?limit=100')).body;
    const first = (items as { id: string; name: string }[]).find(({ name }) => name === 'first');
    return { id: String(made.body.id), conflict: { id: first?.id ?? '' } };
  },
  'GET /v1/audit': () => ({ query: '?limit=5' }),
};

/** One for each operation that needs credentials. */
export const scenarios: Scenarios = {
  ...productScenarios,
  ...saleScenarios,
  ...orderScenarios,
  ...accessScenarios,
  ...webhookScenarios,
};
