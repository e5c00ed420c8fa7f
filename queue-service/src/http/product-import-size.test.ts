import { once } from 'node:events';
import { request } from 'node:http';
import { nodeServer } from '@fairgate/shared/http/node-server.ts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { adminKey, type Service, testService } from '../../test/fixture.ts';

const rowsMax = 100_000;
const header = 'id,name,description,imageUrl,priceMinor,currency,stock\n';
const long = { timeout: 240_000 };
const encoder = new TextEncoder();

let service: Service;
beforeAll(async () => {
  service = await testService(afterAll);
});

const rowOf = (n: number, stock = 1) => `,Product ${n},"Of ""many"", one",,${n},EUR,${stock}\n`;

/** A file of so many rows, a thousand to a chunk, each made when it is asked for. */
async function* fileOf(rows: number, row: (n: number) => string = rowOf) {
  yield header;
  for (let first = 0; first < rows; first += 1_000) {
    const count = Math.min(1_000, rows - first);
    yield Array.from({ length: count }, (_, i) => row(first + i)).join('');
  }
}

/** `onPull`: with the number of chunks that were asked for before. */
async function send(
  chunks: AsyncIterable<string | Uint8Array>,
  onPull: (before: number) => Promise<void> = async () => {},
) {
  const source = chunks[Symbol.asyncIterator]();
  let pulled = 0;
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        await onPull(pulled);
        pulled += 1;
        const { done, value } = await source.next();
        if (done) controller.close();
        else controller.enqueue(typeof value === 'string' ? encoder.encode(value) : value);
      },
    },
    { highWaterMark: 0 },
  );
  const headers = { authorization: `Bearer ${adminKey}`, 'content-type': 'text/csv' };
  const init = { method: 'POST', headers, body, duplex: 'half' } as const;
  const response = await service.api.request('/v1/products/import', init);
  return { status: response.status, body: JSON.parse(await response.text()) };
}

const stagedNow = async () => {
  const [found] = await service.database.sql`select count(*)::int as n from product_import_rows`;
  return Number(found?.n);
};
const countsNow = async () => {
  const [found] = await service.database.sql`
    select (select count(*)::int from products) as products,
      (select count(*)::int from units) as units, (select count(*)::int from ledger) as notes,
      (select max(version) from products) as version`;
  return { ...found };
};
/** Time is only reported: it is the machine's. */
const told = (text: string) => process.stdout.write(`${text}\n`);
const secondsSince = (startedMs: number) =>
  `${((performance.now() - startedMs) / 1_000).toFixed(1)} s`;

it(
  '100,000 rows are made, of which no more than some chunks are held at a time',
  long,
  async () => {
    const startedMs = performance.now();
    let heldMost = 0;
    const answer = await send(fileOf(rowsMax), async (pulled) => {
      heldMost = Math.max(heldMost, (pulled - 1) * 1_000 - (await stagedNow()));
    });
    expect(answer).toEqual({
      status: 200,
      body: { created: rowsMax, updated: 0, unchanged: 0, unitsAdded: rowsMax },
    });
    // The chunk before is on its way, and what a piece of 64 KiB leaves of it.
    expect(heldMost).toBeLessThanOrEqual(3_000);
    expect(await countsNow()).toMatchObject({ products: rowsMax, units: rowsMax });
    expect(await stagedNow()).toBe(0);
    told(`made in ${secondsSince(startedMs)}; ${heldMost} rows ahead of Postgres at most`);
  },
);

it('what was exported of 100,000 products changes nothing, to the last line', long, async () => {
  const before = await countsNow();
  const startedMs = performance.now();
  const headers = { authorization: `Bearer ${adminKey}` };
  const exported = await service.api.request('/v1/products/export', { headers });
  const file = await exported.bytes();
  const exportedIn = secondsSince(startedMs);
  const again = await send(piecesOf(file));
  expect(again.body).toMatchObject({ created: 0, updated: 0, unchanged: rowsMax });
  expect(await countsNow()).toEqual(before);
  told(`exported in ${exportedIn} (${file.byteLength} bytes), and compared`);
});

async function* piecesOf(file: Uint8Array) {
  for (let at = 0; at < file.byteLength; at += 65_536) yield file.subarray(at, at + 65_536);
}

it('a mistake in line 99,999 is told, and nothing was changed', long, async () => {
  const before = await countsNow();
  const answer = await send(fileOf(rowsMax, (n) => (n === 99_997 ? ',X,,,no,EUR,1\n' : rowOf(n))));
  expect(answer.status).toBe(400);
  expect(answer.body.errors).toEqual([
    { path: 'line 99999', message: 'priceMinor: must be a whole number' },
  ]);
  expect(await countsNow()).toEqual(before);
  expect(await stagedNow()).toBe(0);
});

it('a file of more rows, bytes or units than one may have is refused', long, async () => {
  const before = await countsNow();
  expect((await send(fileOf(rowsMax + 1))).status).toBe(413);
  const wide = `${'x'.repeat(60_000)}\n`;
  expect((await send(fileOf(1_200, () => wide))).status).toBe(413);
  const units = await send(fileOf(6, (n) => rowOf(n, 1_000_000)));
  expect([units.status, units.body.detail]).toEqual([400, expect.stringContaining('5000000')]);
  expect(await countsNow()).toEqual(before);
  expect(await stagedNow()).toBe(0);
});

it('an upload that ends in the middle changes nothing, and leaves nothing', long, async () => {
  const before = await countsNow();
  async function* broken() {
    yield* fileOf(5_000);
    throw new Error('the client is gone');
  }
  expect((await send(broken())).status).toBe(400);
  expect(await countsNow()).toEqual(before);
  expect(await stagedNow()).toBe(0);
});

it('a client that hangs up in the middle leaves nothing', long, async () => {
  const before = await countsNow();
  const server = nodeServer(service.api).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const headers = { authorization: `Bearer ${adminKey}`, 'content-type': 'text/csv' };
  const path = '/v1/products/import';
  const client = request({ host: '127.0.0.1', port, path, method: 'POST', headers });
  client.on('error', () => {});
  for await (const chunk of fileOf(5_000)) client.write(chunk);
  await expect.poll(stagedNow, { timeout: 60_000 }).toBeGreaterThan(3_000);
  client.destroy();
  await expect.poll(stagedNow, { timeout: 60_000 }).toBe(0);
  expect(await countsNow()).toEqual(before);
  server.close();
});

it('an import whose connection is cut while it writes changes nothing', long, async () => {
  const before = await countsNow();
  const answer = send(fileOf(20_000, (n) => rowOf(n, 20)));
  let cut = 0;
  while (cut === 0) {
    const rows = await service.database.sql`
      select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and state = 'active' and pid <> pg_backend_pid()
        and query like '%insert into units%'`;
    cut = rows.length;
  }
  expect((await answer).status).toBe(503);
  expect(await countsNow()).toEqual(before);
  expect(await stagedNow()).toBe(0);
});
