import { beforeEach, describe, expect, it } from 'vitest';
import { webhookReceiver } from '../../../e2e/support/webhook-receiver.ts';
import { aSale, iso, type Service, startMs, testService } from '../../test/fixture.ts';
import { type WebhookRig, webhookRig } from '../../test/webhook-rig.ts';
import { holderOf } from './postgres/ledger-horizon.ts';

let service: Service;
let rig: WebhookRig;
let shop: Awaited<ReturnType<typeof webhookReceiver>>;

beforeEach(async () => {
  service = await testService();
  rig = await webhookRig(service);
  shop = await webhookReceiver();
});

it('who left a transaction open is found, and what was told meanwhile comes when it ends', async () => {
  await rig.addHook(shop.url, { eventTypes: ['sale.opened'] });
  const forgotten = await service.database.sql.reserve();
  await forgotten`begin`;
  await forgotten`set local idle_in_transaction_session_timeout = 0`;
  await forgotten`insert into ledger (actor, action) values ('test', 'test.held')`;
  await aSale(service, { publish: true, startsAt: iso(startMs) });
  const [{ pid } = {}] = await forgotten`select pg_backend_pid() as pid`;
  const told = await rig.feed.tellNext(service.clock.now());
  const by = { pid, state: 'idle in transaction', application: expect.any(String) };
  expect(told).toMatchObject({ kind: 'held', by: { ...by, seconds: expect.any(Number) } });
  const [{ writer } = {}] = await forgotten`
    select virtualtransaction as writer from pg_locks where pid = ${pid} and locktype = 'relation'`;
  const awaited = new Set([String(writer)]);
  expect(await holderOf(service.database.sql, awaited)).toMatchObject(by);
  await forgotten`rollback`;
  forgotten.release();
  // Who ended between the two looks is not told of as a holder of whom nothing is known.
  expect(await holderOf(service.database.sql, awaited)).toBeNull();
  await rig.until(() => expect(shop.types()).toEqual(['sale.opened']));
  expect(rig.held.at(-1)).toBe(0);
});

describe('what is kept', () => {
  it('deleting an endpoint waits for none of its deliveries: they go step by step, and no others', async () => {
    const [gone, other] = [await rig.addHook(shop.url), await rig.addHook(shop.url)];
    const { sql } = service.database;
    await sql`
      insert into webhook_events (id, type, body, created_at)
      values ('evt_1', 'order.paid', '{}', ${iso(startMs)})`;
    await sql`
      insert into webhook_deliveries (id, endpoint_id, event_id, next_at)
      select 'dlv_' || n || h, h, case n when 1 then 'evt_1' else 'evt_' || n end, now()
      from generate_series(1, 10001) n, unnest(${[gone.id, other.id]}::text[]) h
      where n = 1 or h = ${gone.id}`;
    const counts = async () => {
      const rows = await sql`
        select (count(*) filter (where endpoint_id = ${gone.id}))::int as gone,
          (count(*) filter (where endpoint_id = ${other.id}))::int as other
        from webhook_deliveries`;
      return { ...rows[0] };
    };
    const path = `/v1/webhooks/${gone.id}`;
    expect((await service.call('DELETE', path)).status).toBe(204);
    expect((await service.call('GET', `${path}/deliveries`)).status).toBe(404);
    expect(await counts()).toEqual({ gone: 10_001, other: 1 });
    await service.store.webhooks.clear();
    expect(await counts()).toEqual({ gone: 5_001, other: 1 });
    // Whoever began it may be dead by now.
    await rig.keeper.tidy();
    expect(await counts()).toEqual({ gone: 0, other: 1 });
    expect(await service.store.webhooks.clear()).toBe(0);
  });

  it('an emptied Redis loses nothing: what is due is found in Postgres', async () => {
    const { id } = await rig.addHook(shop.url);
    await service.call('POST', `/v1/webhooks/${id}/test`);
    await service.redis.flushall();
    await rig.until(() => expect(shop.all).toHaveLength(1));
  });

  it('what waited for four days is given up, and the log is kept for 30 days', async () => {
    const { id } = await rig.addHook(shop.url);
    await service.call('POST', `/v1/webhooks/${id}/test`);
    await service.pass(4 * 86_400_000 + 1);
    await rig.keeper.tidy();
    expect(await rig.log(id)).toMatchObject([{ state: 'failed', attempts: 0 }]);
    await service.pass(26 * 86_400_000);
    await rig.keeper.tidy();
    expect(await rig.log(id)).toEqual([]);
    const [left] = await service.database.sql`select count(*)::int as n from webhook_deliveries`;
    expect(left?.n).toBe(0);
  });
});
