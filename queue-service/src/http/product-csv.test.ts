import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  adminKey,
  aSale,
  iso,
  pen,
  type Service,
  startMs,
  testService,
} from '../../test/fixture.ts';

let service: Service;
let viewer: string;
beforeAll(async () => {
  service = await testService(afterAll);
  const made = await service.call('POST', '/v1/api-keys', { name: 'viewer', role: 'viewer' });
  viewer = String(made.body.key);
});
const call: Service['call'] = (...args) => service.call(...args);
const csvType = { 'content-type': 'text/csv' };
const send = (text: string, query = '', headers: Record<string, string> = {}) =>
  call('POST', `/v1/products/import${query}`, text, { ...csvType, ...headers });
const header = 'id,name,description,imageUrl,priceMinor,currency,stock';
const row = (name: string, rest = ',,500,EUR,3') => `,${name},${rest}`;
const productsNow = async () => {
  const [found] = await service.database.sql`
    select count(*)::int as products, (select count(*)::int from units) as units,
      (select count(*)::int from ledger) as notes, (select count(*)::int from product_import_rows)
      as staged from products where deleted_at is null`;
  return { ...found };
};
const byName = async (name: string) => {
  const [found] = await service.database.sql`
    select id, version from products where name = ${name} and deleted_at is null`;
  return { id: String(found?.id), version: Number(found?.version) };
};
const mistakesOf = (answer: { body: Record<string, unknown> }) =>
  answer.body.errors as { path: string; message: string }[];

describe('an import', () => {
  it('makes products with their units, as the JSON call does', async () => {
    const answer = await send(`${header}\n${row('Alpha')}\n${row('Beta')}\n`);
    expect([answer.status, answer.body]).toEqual([
      200,
      { created: 2, updated: 0, unchanged: 0, unitsAdded: 6 },
    ]);
    const { body } = await call('GET', `/v1/products/${(await byName('Beta')).id}`);
    expect(body).toMatchObject({
      name: 'Beta',
      description: '',
      imageUrl: null,
      stock: 3,
      free: 3,
    });
    const notes = await service.database.sql`
      select actor, action, detail, after from ledger where product_id = ${String(body.id)}`;
    expect(notes).toHaveLength(1);
    expect(notes[0]).toMatchObject({ action: 'product.created', after: { stock: 3 } });
    expect(notes[0]?.actor).toMatch(/^key:key_/);
    expect((await productsNow()).staged).toBe(0);
  });

  it('deals the units to the shards in turn, and goes on where the last ended', async () => {
    await send(`${header}\n${row('Shards', ',,500,EUR,40')}\n`);
    const { id } = await byName('Shards');
    expect((await send(`id,stock\n${id},48\n`)).body).toMatchObject({ unitsAdded: 8 });
    const shards = await service.database.sql`
      select count(*)::int as n from units where product_id = ${id} group by shard`;
    expect(shards.map(({ n }) => n)).toEqual(Array.from({ length: 16 }, () => 3));
  });

  it('changes what differs, by columns in any order, and leaves what has no column', async () => {
    await send(`${header}\n${row('Gamma', 'Blue,,500,EUR,3')}\n`);
    const { id } = await byName('Gamma');
    const answer = await send(`sold,stock,name,id\n77,5,Gamma two,${id}\n`);
    expect(answer.body).toEqual({ created: 0, updated: 1, unchanged: 0, unitsAdded: 2 });
    const { body, headers } = await call('GET', `/v1/products/${id}`);
    expect(body).toMatchObject({ name: 'Gamma two', description: 'Blue', stock: 5, sold: 0 });
    expect(headers.get('etag')).toBe('"v2"');
    const notes = await service.database.sql`
      select action, before, after from ledger where product_id = ${id} order by id`;
    expect(notes.slice(1)).toEqual([
      { action: 'product.changed', before: { name: 'Gamma' }, after: { name: 'Gamma two' } },
      { action: 'stock.added', before: { stock: 3 }, after: { stock: 5 } },
    ]);
    const again = await send(`stock,name,id\n5,Gamma two,${id}\n`);
    expect(again.body).toEqual({ created: 0, updated: 0, unchanged: 1, unitsAdded: 0 });
    expect((await byName('Gamma two')).version).toBe(2);
  });

  it('tells by dryRun what it would do, and does nothing', async () => {
    const before = await productsNow();
    const answer = await send(`${header}\n${row('Never')}\n`, '?dryRun=true');
    expect(answer.body).toEqual({ created: 1, updated: 0, unchanged: 0, unitsAdded: 3 });
    expect(await productsNow()).toEqual(before);
    expect((await send(`${header}\n${row('', ',,x,EUR,3')}\n`, '?dryRun=true')).status).toBe(400);
    expect((await send(`${header}\n`, '?dryRun=perhaps')).status).toBe(400);
  });

  it('is done once for an Idempotency-Key and the bytes of the file', async () => {
    const key = { 'idempotency-key': 'file-1' };
    const text = `${header}\n${row('Once')}\n`;
    const first = await send(text, '', key);
    const before = await productsNow();
    const again = await send(text, '', key);
    expect(again.body).toEqual(first.body);
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect((await send(`${text}${row('More')}\n`, '', key)).status).toBe(422);
    expect(await productsNow()).toEqual(before);
  });

  it('is for operators, of text/csv, and of a size; other calls take no more than before', async () => {
    const text = `${header}\n${row('Role')}\n`;
    expect((await send(text, '', { authorization: `Bearer ${viewer}` })).status).toBe(403);
    expect((await send(text, '', { 'content-type': 'application/json' })).status).toBe(415);
    const latin = { 'content-type': 'text/csv; charset=iso-8859-1' };
    expect((await send(text, '', latin)).status).toBe(415);
    const large = String(65 * 1_024 * 1_024);
    expect((await send(text, '', { 'content-length': large })).status).toBe(413);
    const pad = 'x'.repeat(70_000);
    for (const path of ['/v1/products', '/v1/products/import/', '/v1/products/imports']) {
      const answer = await call('POST', path, pad, { ...csvType, 'content-length': '70000' });
      expect(answer.status).toBe(413);
    }
  });
});

describe('a file', () => {
  it('may have a BOM, CRLF, quotes, line breaks in cells and an empty line at its end', async () => {
    const name = '"Delta, ""the"" one"';
    const cells = `${name},"two\r\nlines",https://x.example/a.png,500,EUR,1`;
    const answer = await send(`\ufeff${header}\r\n,${cells}\r\n\r\n`);
    expect([answer.status, answer.body.created]).toEqual([200, 1]);
    const { id } = await byName('Delta, "the" one');
    const { body } = await call('GET', `/v1/products/${id}`);
    expect(body.description).toBe('two\r\nlines');
    expect(body.imageUrl).toBe('https://x.example/a.png');
  });

  it.each([
    ['', 1, 'name the columns'],
    ['id,colour\n', 1, 'no such column'],
    ['id;name\n', 1, 'commas'],
    ['id,name,name\n', 1, 'twice'],
    ['name,currency,stock\n', 1, 'priceMinor: column is missing'],
    [`${header}\n${row('A')}\n${row('B', ',,1.5,EUR,3')}\n`, 3, 'priceMinor'],
    [`${header}\n${row('A')}\n${row('B', ',,5,eur,3')}\n`, 3, 'currency'],
    [`${header}\n${row('A')}\n${row('B', ',,5,EUR,-3')}\n`, 3, 'stock'],
    [`${header}\n${row('A')}\n${row('B', ',,5,EUR,1000001')}\n`, 3, 'stock'],
    [`${header}\n${row('A')}\n${row('', ',,5,EUR,1')}\n`, 3, 'name'],
    [`${header}\n${row('A')}\n${row('B', ',,javascript:x,5,EUR,1')}\n`, 3, '8 cells'],
    [`${header}\n${row('A')}\n,B,,javascript:x,5,EUR,1\n`, 3, 'imageUrl'],
    [`${header}\n${row('A')}\n${row('a\0b')}\n`, 3, 'NUL'],
    [`${header}\n${row('A')}\nprod_1,B,,,5,EUR,1\n`, 3, 'is not the id'],
    [`${header}\n${row('A')}\nprod_${'0'.repeat(26)},B,,,5,EUR,1\n`, 3, 'no such product'],
    [`${header}\n,"A\nB\r\nC",,,5,EUR,1\n,B"b,,,5,EUR,1\n`, 5, 'quotes'],
    [`${header}\n${row('A')}\n,"B"b,,,5,EUR,1\n${row('C')}\n`, 3, 'quotes'],
    [`${header}\n${row('A')}\n,"B,,,5,EUR,1\n`, 3, 'quote'],
    [`${header}\n${row('A')}\n,"B,,,5,EUR,1\n${`${row('C')}\n`.repeat(9_000)}`, 3, 'quote'],
    [`${header}\n${row('A')}\n${row('B'.repeat(70_000))}\n`, 3, 'longer'],
  ])('%# with a mistake changes nothing, and the line is told', async (text, line, word) => {
    const before = await productsNow();
    const answer = await send(text);
    expect(answer.status).toBe(400);
    expect(answer.body.type).toBe('urn:fairgate:problem:invalid-request');
    expect(mistakesOf(answer)).toContainEqual({
      path: `line ${line}`,
      message: expect.stringContaining(word),
    });
    expect(await productsNow()).toEqual(before);
  });

  it('that is not UTF-8 is refused with the line', async () => {
    const latin = Buffer.from(`${header}\n${row('A')}\n${row('Müller')}\n`, 'latin1');
    const response = await service.api.request('/v1/products/import', {
      method: 'POST',
      headers: { ...csvType, authorization: `Bearer ${adminKey}` },
      body: latin,
    });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      errors: [{ path: 'line 3', message: expect.stringContaining('UTF-8') }],
    });
  });

  it('names a product once', async () => {
    const { id } = await byName('Alpha');
    const answer = await send(`id,name\n${id},One\n${id},Two\n`);
    expect(mistakesOf(answer)).toEqual([{ path: 'line 3', message: 'id: is in line 2 already' }]);
    expect((await byName('Alpha')).version).toBe(1);
  });

  it('has all its mistakes counted, and the first twenty listed', async () => {
    const { id } = await byName('Alpha');
    const bad = Array.from({ length: 50 }, () => row('B', ',,x,EUR,3'));
    const answer = await send(`${header}\n${id},Alpha,,,500,EUR,2\n${bad.join('\n')}\n`);
    expect(answer.body.detail).toContain('51');
    const listed = mistakesOf(answer);
    expect(listed).toHaveLength(20);
    expect(listed[0]).toEqual({ path: 'line 2', message: expect.stringContaining('stock') });
    expect(listed[19]?.path).toBe('line 21');
  });
});

describe('a sale that is not closed', () => {
  it('keeps its currency, and is told of a change once', async () => {
    const sale = { publish: true, startsAt: iso(startMs) };
    const { saleId, productId } = await aSale(service, sale);
    const refused = await send(`id,currency\n${productId},USD\n`);
    expect(mistakesOf(refused)).toEqual([
      { path: 'line 2', message: expect.stringContaining(saleId) },
    ]);
    const other = await call('POST', '/v1/products', pen);
    const version = async () => (await call('GET', `/v1/sales/${saleId}`)).headers.get('etag');
    expect(await version()).toBe('"v1"');
    const changed = await send(`id,name,stock\n${productId},Live,9\n${other.body.id},Not live,9\n`);
    expect(changed.body).toMatchObject({ updated: 2, unitsAdded: 8 });
    expect(await version()).toBe('"v2"');
    const figures = await service.room.figures(saleId);
    expect(figures?.revision).toBe(2);
  });
});

it('what the export writes the import reads back, and finds nothing to do', async () => {
  const texts = ['=1+1', "'=1", "''=1", "'tis", '-5', '+5', '@x', '"q", a\nb', ',', "'", 'é€😀'];
  for (const name of texts) {
    const description = `${name}\r\n\t=2`;
    await call('POST', '/v1/products', { ...pen, name, description, stock: 1 });
  }
  for (const description of ['\t=1', '\r\n=1', '\n', ' =1', "'\t", '\r']) {
    await call('POST', '/v1/products', { ...pen, description, stock: 1 });
  }
  const exported = await call('GET', '/v1/products/export', undefined, {
    authorization: `Bearer ${viewer}`,
  });
  expect(exported.headers.get('content-type')).toBe('text/csv; charset=utf-8');
  const file = String(exported.body.text);
  expect(file.split('\r\n')[0]).toBe(`${header},free,held,sold`);
  const cells: string[][] = parse(file, { record_delimiter: '\r\n' });
  expect(cells.flat().filter((cell) => /^[=+@\t\r\n-]/.test(cell))).toEqual([]);
  const before = await productsNow();
  const answer = await send(file);
  const unchanged = before.products;
  expect(answer.body).toEqual({ created: 0, updated: 0, unchanged, unitsAdded: 0 });
  expect(await productsNow()).toEqual(before);
});
