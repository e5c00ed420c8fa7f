import { expect, it, vi } from 'vitest';
import { freshDatabaseUrl, freshRedisUrl } from '../../e2e/support/stores.ts';
import { isSignedBy, webhookReceiver } from '../../e2e/support/webhook-receiver.ts';
import { iso, pen } from '../test/fixture.ts';
import { patience, startProcess as start } from '../test/process.ts';

vi.setConfig({ testTimeout: 400_000 });

/** Longer than a claim, and than it takes to find that a job's worker died. */
const takenOver = { timeout: 150_000, interval: 100 };

it('a service that is killed while it sends, or before, loses nothing: the next one sends it', async () => {
  const urls = [await freshDatabaseUrl(), await freshRedisUrl()] as const;
  const shop = await webhookReceiver();
  const killed = await start(...urls);
  await vi.waitFor(async () => {
    expect((await killed.call('GET', '/readyz')).status).toBe(200);
  }, patience);
  const eventTypes = ['sale.opened', 'sale.closed'];
  const hook = await killed.call('POST', '/v1/webhooks', { url: shop.url, eventTypes });
  expect(hook.status).toBe(201);
  // The first one is under way when the process dies, the second one is not even read.
  shop.answer = () => {};
  const product = await killed.call('POST', '/v1/products', pen);
  const sale = { name: 'Pens', productIds: [product.body.id], startsAt: iso(Date.now()) };
  const { id } = (await killed.call('POST', '/v1/sales', { ...sale, publish: true })).body;
  await vi.waitFor(() => expect(shop.all).toHaveLength(1), patience);
  await killed.call('POST', `/v1/sales/${id}/close`);
  killed.child.kill('SIGKILL');
  await killed.exited;
  shop.answer = (response) => void response.end();
  const next = await start(...urls);
  await vi.waitFor(() => {
    expect(new Set(shop.types())).toEqual(new Set(eventTypes));
    expect(shop.types().filter((type) => type === 'sale.opened')).toHaveLength(2);
  }, takenOver);
  const opened = shop.all.filter(({ event }) => event.type === 'sale.opened');
  expect(new Set(opened.map((received) => received.id)).size).toBe(1);
  expect(shop.all.every((received) => isSignedBy(String(hook.body.secret), received))).toBe(true);
  await vi.waitFor(async () => {
    const log = await next.call('GET', `/v1/webhooks/${hook.body.id}/deliveries`);
    const states = (log.body.items as { state: string }[]).map(({ state }) => state);
    expect(states).toEqual(['delivered', 'delivered']);
  }, patience);
  const all = [killed, next].map(({ output }) => output()).join();
  expect(all).not.toContain(String(hook.body.secret));
  next.child.kill('SIGTERM');
  expect(await next.exited, next.output()).toBe(0);
});
