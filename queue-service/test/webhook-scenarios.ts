import type { Service } from './fixture.ts';
import type { Scenarios } from './scenarios.ts';

const hook = { url: 'https://shop.example/hooks', eventTypes: ['order.paid'] };

/** Their number is limited, so that each scenario begins with none. */
async function aHook({ call, database }: Service, changes = {}): Promise<string> {
  await database.sql`delete from webhook_endpoints`;
  return String((await call('POST', '/v1/webhooks', { ...hook, ...changes })).body.id);
}
async function aDelivery(service: Service): Promise<{ id: string; deliveryId: string }> {
  const id = await aHook(service);
  const made = await service.call('POST', `/v1/webhooks/${id}/test`);
  return { id, deliveryId: String(made.body.id) };
}

export const webhookScenarios: Scenarios = {
  'POST /v1/webhooks': async (service) => {
    await service.database.sql`delete from webhook_endpoints`;
    const headers = { 'idempotency-key': 'a-hook-shown-once' };
    await service.call('POST', '/v1/webhooks', hook, headers);
    const otherBody = { ...hook, description: 'another' };
    return { body: hook, otherBody, conflict: { body: hook, headers } };
  },
  'GET /v1/webhooks': async (service) => {
    await aHook(service);
    return {};
  },
  'GET /v1/webhooks/{id}': async (service) => ({ id: await aHook(service) }),
  'PATCH /v1/webhooks/{id}': async (service) => {
    return { id: await aHook(service), body: { description: 'the shop' } };
  },
  'DELETE /v1/webhooks/{id}': async (service) => ({ id: await aHook(service) }),
  'POST /v1/webhooks/{id}/rotate': async (service) => {
    const id = await aHook(service);
    const headers = { 'idempotency-key': `rotated-once-${id}` };
    await service.call('POST', `/v1/webhooks/${id}/rotate`, {}, headers);
    return { id, body: {}, otherBody: { overlapSeconds: 0 }, conflict: { id, body: {}, headers } };
  },
  'POST /v1/webhooks/{id}/test': async (service) => {
    const id = await aHook(service);
    const off = await service.call('POST', '/v1/webhooks', { ...hook, active: false });
    return { id, conflict: { id: String(off.body.id) } };
  },
  'GET /v1/webhooks/{id}/deliveries': async (service) => {
    const { id } = await aDelivery(service);
    return { id, query: '?state=pending&limit=5' };
  },
  'POST /v1/webhooks/{id}/deliveries/{deliveryId}/retry': async (service) => {
    const made = await aDelivery(service);
    const { body } = await service.call('POST', '/v1/webhooks', hook);
    const id = String(body.id);
    const { body: sent } = await service.call('POST', `/v1/webhooks/${id}/test`);
    await service.call('PATCH', `/v1/webhooks/${id}`, { active: false });
    return { ...made, conflict: { id, deliveryId: String(sent.id) } };
  },
};
