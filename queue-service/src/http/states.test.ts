import { newcomer } from '@fairgate/shared/room/room.ts';
import { beforeEach, describe, expect, it } from 'vitest';
import { aSale, iso, type Service, startMs, testService } from '../../test/fixture.ts';

let service: Service;
beforeEach(async () => {
  service = await testService();
});
const call: Service['call'] = (...args) => service.call(...args);

/** What shoppers see now. */
async function seen(saleId: string) {
  return await service.room.advance(saleId, 0);
}

/** What a move answers: the state, or the status of its refusal. */
async function act(saleId: string, action: string, body?: unknown): Promise<unknown> {
  const answer = await call('POST', `/v1/sales/${saleId}/${action}`, body);
  return answer.status === 200 ? answer.body.state : answer.status;
}

const ledgerOf = async (saleId: string) => {
  const rows = await service.database.sql`
    select actor, action from ledger where sale_id = ${saleId} order by id`;
  return rows.map((row) => `${String(row.actor).split('_')[0]} ${row.action}`);
};

it('a sale goes from draft to closed by hand, and its shoppers see each step', async () => {
  const startsAt = iso(startMs + 3_600_000);
  const { saleId, productId } = await aSale(service, { startsAt });
  expect(await seen(saleId)).toBeNull();
  expect(await act(saleId, 'publish')).toBe('scheduled');
  expect(await seen(saleId)).toMatchObject({ state: 'scheduled', unitsLeft: 5 });
  expect((await seen(saleId))?.info.products).toMatchObject([{ id: productId, total: 5 }]);
  await service.pass(3_600_000 - 60_000);
  expect(await seen(saleId)).toMatchObject({ state: 'lobby' });
  expect((await call('GET', `/v1/sales/${saleId}`)).body.state).toBe('lobby');
  expect(await act(saleId, 'open')).toBe('open');
  expect(await seen(saleId)).toMatchObject({ state: 'open' });
  expect(await act(saleId, 'pause')).toBe('paused');
  expect(await seen(saleId)).toMatchObject({ state: 'paused' });
  expect(await act(saleId, 'resume')).toBe('open');
  expect(await act(saleId, 'close')).toBe('closed');
  expect(await seen(saleId)).toMatchObject({ state: 'closed' });
  expect(await ledgerOf(saleId)).toEqual(
    ['created', 'published', 'opened', 'paused', 'resumed', 'closed'].map(
      (s) => `key:key sale.${s}`,
    ),
  );
});

it('a sale opens at startsAt and closes at endsAt by itself, recorded once', async () => {
  const times = { startsAt: iso(startMs + 60_000), endsAt: iso(startMs + 120_000) };
  const { saleId } = await aSale(service, { ...times, publish: true });
  await service.pass(60_000);
  expect(await seen(saleId)).toMatchObject({ state: 'open' });
  const keep = () => Promise.all([1, 2, 3].map(() => service.states.keepSchedules()));
  await keep();
  await service.pass(60_000);
  expect(await seen(saleId)).toMatchObject({ state: 'closed' });
  await keep();
  const rest = ['key:key sale.created', 'key:key sale.published'];
  expect(await ledgerOf(saleId)).toEqual([
    ...rest,
    'system:schedule sale.opened',
    'system:schedule sale.closed',
  ]);
});

it('a sale whose start has passed opens when it is published', async () => {
  const { saleId } = await aSale(service, { startsAt: iso(startMs - 1_000), publish: true });
  expect(await seen(saleId)).toMatchObject({ state: 'open' });
  expect((await call('GET', `/v1/sales/${saleId}`)).body.state).toBe('open');
});

it('asking again changes nothing, and a wrong move names the present state', async () => {
  const { saleId } = await aSale(service);
  for (const wrong of ['open', 'pause', 'resume', 'close']) {
    const answer = await call('POST', `/v1/sales/${saleId}/${wrong}`);
    expect([answer.status, answer.body.type]).toEqual([409, 'urn:fairgate:problem:conflict']);
    expect(answer.body.detail).toContain('draft');
  }
  expect(await act(saleId, 'publish')).toBe('lobby');
  const { headers } = await call('GET', `/v1/sales/${saleId}`);
  expect(await act(saleId, 'publish')).toBe('lobby');
  expect((await call('GET', `/v1/sales/${saleId}`)).headers.get('etag')).toBe(headers.get('etag'));
  expect(await act(saleId, 'close')).toBe('closed');
  expect(await act(saleId, 'close')).toBe('closed');
  for (const wrong of ['publish', 'open', 'pause', 'resume']) {
    expect(await act(saleId, wrong)).toBe(409);
  }
});

it('a confirmation must be the name of the sale', async () => {
  const { saleId } = await aSale(service, { publish: true });
  expect(await act(saleId, 'close', { confirm: 'Pencils' })).toBe(409);
  expect(await act(saleId, 'close', { confirm: 'Pens' })).toBe('closed');
});

it('productIds, startsAt and mode are fixed once the sale has started', async () => {
  const { saleId, productId } = await aSale(service, { publish: true });
  const path = `/v1/sales/${saleId}`;
  const startsAt = iso(startMs + 90_000);
  expect((await call('PATCH', path, { startsAt })).body).toMatchObject({ startsAt });
  expect(await seen(saleId)).toMatchObject({ startsAt: startMs + 90_000 });
  expect((await call('PATCH', path, { mode: 'lottery' })).status).toBe(200);
  await service.pass(90_000);
  for (const late of [{ startsAt }, { productIds: [productId] }, { mode: 'fifo' }]) {
    expect((await call('PATCH', path, late)).status).toBe(409);
  }
  const endsAt = iso(startMs + 200_000);
  expect((await call('PATCH', path, { name: 'New', endsAt })).status).toBe(200);
  expect((await seen(saleId))?.info).toMatchObject({ name: 'New', endsAt });
});

describe('after a pause was answered', () => {
  it('nobody is admitted, and the line goes on after the resume', async () => {
    const { saleId } = await aSale(service, { startsAt: iso(startMs), publish: true });
    await service.room.join(saleId, ['a', 'b', 'c', 'd', 'e'].map(newcomer));
    await service.pass(100);
    expect((await seen(saleId))?.lanes.main.frontier).toBe(1);
    expect(await act(saleId, 'pause')).toBe('paused');
    await service.pass(10_000);
    expect((await seen(saleId))?.lanes.main.frontier).toBe(1);
    await act(saleId, 'resume');
    expect((await seen(saleId))?.lanes.main.frontier).toBe(5);
  });

  it('in the lobby, the start does not open the sale', async () => {
    const { saleId } = await aSale(service, { publish: true });
    expect(await act(saleId, 'pause')).toBe('paused');
    await service.pass(120_000);
    await service.states.keepSchedules();
    expect(await seen(saleId)).toMatchObject({ state: 'paused' });
    expect(await act(saleId, 'resume')).toBe('open');
  });
});
