import { connectDatabase, type DatabaseClient } from '@fairgate/shared/db/client.ts';
import { migrateDatabase } from '@fairgate/shared/db/migrate.ts';
import { onProblem } from '@fairgate/shared/http/refusals.ts';
import { newId } from '@fairgate/shared/ids.ts';
import { drainLog } from '@fairgate/shared/log/drain.ts';
import { postgresLog } from '@fairgate/shared/log/postgres-log.ts';
import { Hono } from 'hono';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freshDatabaseUrl } from '../../e2e/support/stores.ts';
import type { AppEnv } from './http/deps.ts';
import { fairnessRoutes } from './http/fairness.ts';

let client: DatabaseClient;
let app: Hono<AppEnv>;
const logs = postgresLog(async (work) => await work(client.sql));

beforeAll(async () => {
  const url = await freshDatabaseUrl(afterAll);
  await migrateDatabase(url);
  client = connectDatabase({ url, name: 'test', connectionsMax: 2, statementTimeoutMs: 5_000 });
  app = new Hono<AppEnv>().route('/', fairnessRoutes({ fairness: logs }));
  app.onError(onProblem(() => undefined));
});
afterAll(() => client.close());

async function aSale(phase: string, startsInMs: number, mode = 'fifo'): Promise<string> {
  const saleId = newId('sale');
  await client.sql`
    insert into sales (id, name, phase, mode, currency, starts_at, room)
    values (${saleId}, 'Pens', ${phase}, ${mode}, 'EUR',
      now() + make_interval(secs => ${startsInMs / 1_000}), '{}'::jsonb)`;
  return saleId;
}
const ask = async (path: string) => await app.request(path);

it('order and log of a sale are public from its start on, and not before', async () => {
  const coming = await aSale('scheduled', 60_000);
  for (const path of ['fairness', 'fairness/log']) {
    expect((await ask(`/api/sales/${coming}/${path}`)).status).toBe(409);
  }
  for (const started of [await aSale('scheduled', -1_000), await aSale('open', 60_000)]) {
    const answer = await ask(`/api/sales/${started}/fairness`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('cache-control')).toBe('public, max-age=1');
    expect(await answer.json()).toMatchObject({ id: started, inversions: 0, logHead: null });
  }
});

it('of drafts, deleted sales and none at all nothing is told', async () => {
  const deleted = await aSale('closed', -1_000);
  await client.sql`update sales set deleted_at = now() where id = ${deleted}`;
  for (const id of [deleted, await aSale('draft', -1_000), newId('sale'), 'sale_x']) {
    expect((await ask(`/api/sales/${id}/fairness`)).status).toBe(404);
    expect((await ask(`/api/sales/${id}/fairness/log`)).status).toBe(404);
  }
});

it('the log is told line for line as it was chained', async () => {
  const saleId = await aSale('open', -1_000);
  const records = Array.from({ length: 6_001 }, (_, i) => `${i + 1} 5 joined main ${i + 1} - -`);
  const log = async (_: string, seq: number, limit: number) => ({
    records: records.slice(seq, seq + limit),
  });
  await drainLog(logs, { log }, saleId);
  const answer = await ask(`/api/sales/${saleId}/fairness/log`);
  expect(answer.headers.get('content-type')).toBe('application/x-ndjson');
  const lines = (await answer.text()).trimEnd().split('\n');
  expect(lines).toHaveLength(6_001);
  expect(lines.at(-1)).toBe('{"seq":6001,"at":5,"kind":"joined","lane":"main","number":6001}');
});

it('the secret of a lottery is shown once it can change nothing any more', async () => {
  const saleId = await aSale('open', -1_000, 'lottery');
  const secret = 'ab'.repeat(32);
  await client.sql`
    insert into draws (sale_id, secret, commitment, key) values (${saleId}, ${secret}, 'c', 'k')`;
  const before = await (await ask(`/api/sales/${saleId}/fairness`)).text();
  expect(before).not.toContain(secret);
  expect(JSON.parse(before)).toMatchObject({ drawSeed: null, drawKey: null, drawCommitment: 'c' });
  await logs.finish(saleId);
  await expect
    .poll(async () => await (await ask(`/api/sales/${saleId}/fairness`)).json(), { timeout: 3_000 })
    .toMatchObject({ drawSeed: secret, drawKey: 'k' });
});
