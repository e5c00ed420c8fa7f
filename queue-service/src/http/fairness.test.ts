import { commitmentOf } from '@fairgate/shared/draw/commitment.ts';
import { drainLog } from '@fairgate/shared/log/drain.ts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { aSale, iso, type Service, startMs, testService } from '../../test/fixture.ts';

let service: Service;
beforeAll(async () => {
  service = await testService(afterAll);
});
const call: Service['call'] = (...args) => service.call(...args);
const roomInfo = async (saleId: string) =>
  JSON.parse((await service.redis.hget(`fg:{${saleId}}:room`, 'info')) ?? '{}');

it('a lottery has a secret from the moment it is made, and shows its commitment alone', async () => {
  const { saleId } = await aSale(service, { mode: 'lottery', publish: true });
  const stored = await service.store.draws.find(saleId);
  expect(stored?.secret).toMatch(/^[0-9a-f]{64}$/);
  expect(await roomInfo(saleId)).toMatchObject({ drawCommitment: stored?.commitment });
  expect(commitmentOf(stored?.secret ?? '')).toBe(stored?.commitment);
  const shown = await call('GET', `/v1/sales/${saleId}/fairness`);
  expect(shown.body).toMatchObject({ mode: 'lottery', drawCommitment: stored?.commitment });
  expect(shown.body).toMatchObject({ drawSeed: null, inversions: 0, trouble: null });
  const pages = [
    shown.body,
    (await call('GET', `/v1/sales/${saleId}`)).body,
    await roomInfo(saleId),
  ];
  expect(JSON.stringify(pages)).not.toContain(stored?.secret);
});

it('a sale that becomes a lottery has a secret, and keeps it whatever it becomes then', async () => {
  const { saleId } = await aSale(service, { publish: true });
  expect(await roomInfo(saleId)).not.toHaveProperty('drawCommitment');
  const become = async (mode: string) =>
    (await call('PATCH', `/v1/sales/${saleId}`, { mode })).status;
  expect(await become('lottery')).toBe(200);
  const { drawCommitment } = await roomInfo(saleId);
  expect(drawCommitment).toMatch(/^[0-9a-f]{64}$/);
  expect(await become('fifo')).toBe(200);
  expect(await roomInfo(saleId)).not.toHaveProperty('drawCommitment');
  expect(await become('lottery')).toBe(200);
  expect((await roomInfo(saleId)).drawCommitment).toBe(drawCommitment);
});

it('the operator is warned of a lottery that anybody may enter many times, and the ledger says so', async () => {
  const { saleId } = await aSale(service, { mode: 'lottery' });
  expect((await call('GET', `/v1/sales/${saleId}`)).body).not.toHaveProperty('warnings');
  const published = await call('POST', `/v1/sales/${saleId}/publish`);
  expect(published.body).toMatchObject({
    warnings: expect.arrayContaining([
      expect.objectContaining({ code: 'lottery-many-chances', todo: expect.any(String) }),
    ]),
  });
  const shown = await call('GET', `/v1/sales/${saleId}`);
  expect(shown.body).toMatchObject({ warnings: [{ code: 'lottery-many-chances' }] });
  const notes = await service.database.sql`
    select detail from ledger where sale_id = ${saleId} and action = 'sale.warned'`;
  expect(notes.map(({ detail }) => detail)).toEqual([{ code: 'lottery-many-chances' }]);
  const asked = { mode: 'lottery', publish: true, room: { challenge: 'altcha' } };
  const other = await aSale(service, asked);
  expect((await call('GET', `/v1/sales/${other.saleId}`)).body).not.toHaveProperty('warnings');
});

it('the secret is public once the draw is done, and the room is told of it', async () => {
  const { saleId } = await aSale(service, { mode: 'lottery', publish: true });
  await drainLog(
    service.logs,
    { log: async (_, seq) => ({ records: seq > 0 ? [] : ['1 5 closed-lobby main 0 0'] }) },
    saleId,
  );
  await service.logs.fixKey(saleId, { randomness: '', key: 'ab'.repeat(32) });
  expect(await roomInfo(saleId)).not.toHaveProperty('drawSeed');
  await service.logs.finish(saleId);
  await service.keeper.keepRooms();
  const stored = await service.store.draws.find(saleId);
  expect(await roomInfo(saleId)).toMatchObject({ drawSeed: stored?.secret });
  const { body } = await call('GET', `/v1/sales/${saleId}/fairness`);
  expect(body).toMatchObject({ drawSeed: stored?.secret, lobbySeq: 1, entrants: 0 });
});

it('the log is streamed as it stands; a sale that never was has none', async () => {
  const { saleId } = await aSale(service, { publish: true, startsAt: iso(startMs) });
  const records = Array.from({ length: 4_500 }, (_, i) => `${i + 1} 5 joined main ${i + 1} - -`);
  await drainLog(
    service.logs,
    { log: async (_, seq, limit) => ({ records: records.slice(seq, seq + limit) }) },
    saleId,
  );
  const { headers, body } = await call('GET', `/v1/sales/${saleId}/fairness/log`);
  expect(headers.get('content-type')).toBe('application/x-ndjson');
  const lines = String(body.text).trimEnd().split('\n');
  expect(lines).toHaveLength(4_500);
  expect(lines[41]).toBe('{"seq":42,"at":5,"kind":"joined","lane":"main","number":42}');
  const missing = `/v1/sales/sale_${'0'.repeat(26)}/fairness`;
  expect((await call('GET', missing)).status).toBe(404);
  expect((await call('GET', `${missing}/log`)).status).toBe(404);
});
