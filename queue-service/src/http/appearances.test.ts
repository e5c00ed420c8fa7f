import { roomKey } from '@fairgate/shared/room/keys.ts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { aSale, iso, type Service, startMs, testService } from '../../test/fixture.ts';

let service: Service;
beforeAll(async () => {
  service = await testService(afterAll);
});
const call: Service['call'] = (...asked) => service.call(...asked);
const pathOf = (saleId: string) => `/v1/sales/${saleId}/appearance`;
const open = { publish: true, startsAt: iso(startMs) };
const look = {
  colours: { accent: '#7a0b3b', dark: { accent: '#ff9fc6' } },
  texts: { de: { 'sale.joinTitle': 'Anstellen!' } },
  logoUrl: 'https://shop.example/logo.png',
  logoAlt: 'The shop',
  html: { en: '<p>Hello</p>' },
};

/** What gateways find beside the room. */
async function published(saleId: string) {
  const json = await service.redis.get(roomKey(saleId, 'appearance'));
  const snapshot = await service.redis.hget(roomKey(saleId, 'room'), 'info');
  return { own: json === null ? null : JSON.parse(json), info: JSON.parse(snapshot ?? '{}') };
}

async function lastNote(saleId: string) {
  const { body } = await call('GET', `/v1/audit?saleId=${saleId}&limit=1`);
  return (body.items as Record<string, unknown>[])[0];
}

it('a sale has no look of its own until it is given one, and that is with its room at once', async () => {
  const { saleId } = await aSale(service, open);
  const none = await call('GET', pathOf(saleId));
  expect([none.status, none.body]).toEqual([200, { id: saleId, updatedAt: null }]);
  const put = await call('PUT', pathOf(saleId), look, {
    'if-match': String(none.headers.get('etag')),
  });
  expect(put.body).toEqual({
    id: saleId,
    ...look,
    updatedAt: iso(service.clock.now()),
    cleaned: false,
    removed: [],
  });
  const { own, info } = await published(saleId);
  expect(own).toEqual({ version: 2, appearance: look });
  expect(info.appearance).toEqual({ version: 2 });
  expect((await call('GET', pathOf(saleId))).body).toMatchObject(look);
});

it('what is not allowed in its HTML is taken out before it is stored, and told', async () => {
  const { saleId } = await aSale(service, open);
  const html = '<h2>Hi</h2><script>alert(1)</script><p onclick="x()">there</p>';
  const { body } = await call('PUT', pathOf(saleId), { html });
  expect(body).toMatchObject({
    html: '<h2>Hi</h2><p>there</p>',
    cleaned: true,
    removed: ['<script>', 'onclick of <p>'],
  });
  expect((await published(saleId)).own.appearance).toEqual({ html: '<h2>Hi</h2><p>there</p>' });
  const longer = await call('PUT', pathOf(saleId), { html: '<p>&</p>'.repeat(1_024) });
  expect([longer.status, longer.body.errors]).toEqual([
    400,
    [{ path: 'html', message: 'has 12288 bytes; 8192 are allowed once it is cleaned' }],
  ]);
});

it('colours that cannot be read are refused, and the pair and its ratio named', async () => {
  const { saleId } = await aSale(service);
  const { status, body } = await call('PUT', pathOf(saleId), { colours: { muted: '#999999' } });
  expect(status).toBe(400);
  expect(body.errors).toContainEqual({
    path: 'colours.muted',
    message: 'muted #999999 on card #ffffff has a contrast of 2.84:1; text needs 4.5:1',
  });
});

it('who has not seen the last change does not undo it', async () => {
  const { saleId } = await aSale(service);
  const first = await call('PUT', pathOf(saleId), look);
  const seen = { 'if-match': String(first.headers.get('etag')) };
  const second = await call('PUT', pathOf(saleId), { logoAlt: 'Ours' }, seen);
  expect(second.status).toBe(200);
  expect((await call('PUT', pathOf(saleId), look, seen)).status).toBe(412);
  expect((await call('DELETE', pathOf(saleId), undefined, seen)).status).toBe(412);
  const now = { 'if-match': String(second.headers.get('etag')) };
  expect((await call('DELETE', pathOf(saleId), undefined, now)).status).toBe(204);
  const gone = await call('GET', pathOf(saleId));
  expect(gone.body).toEqual({ id: saleId, updatedAt: iso(service.clock.now()) });
  expect(gone.headers.get('etag')).not.toBe(second.headers.get('etag'));
});

it('the ledger tells each change field by field, and what changes nothing is in none', async () => {
  const { saleId } = await aSale(service);
  await call('PUT', pathOf(saleId), look);
  await call('PUT', pathOf(saleId), { ...look, colours: { accent: '#7a0b3b' }, logoAlt: 'Ours' });
  const note = await lastNote(saleId);
  expect(note).toMatchObject({
    action: 'appearance.changed',
    before: { 'colours.dark': { accent: '#ff9fc6' }, logoAlt: 'The shop' },
    after: { 'colours.dark': null, logoAlt: 'Ours' },
  });
  await call('PUT', pathOf(saleId), { ...look, colours: { accent: '#7a0b3b' }, logoAlt: 'Ours' });
  expect((await lastNote(saleId))?.id).toBe(note?.id);
  await call('DELETE', pathOf(saleId));
  expect(await lastNote(saleId)).toMatchObject({
    before: { logoAlt: 'Ours' },
    after: { html: null },
  });
});

it('a look that is taken away is gone from the room at once', async () => {
  const { saleId } = await aSale(service, open);
  await call('PUT', pathOf(saleId), look);
  await call('DELETE', pathOf(saleId));
  const { own, info } = await published(saleId);
  expect([own, info.appearance]).toEqual([null, undefined]);
});

it('a Redis that was emptied has the look again with the next pass', async () => {
  const { saleId } = await aSale(service, open);
  await call('PUT', pathOf(saleId), look);
  await service.redis.flushdb();
  await service.setClock();
  await service.keeper.keepRooms();
  expect((await published(saleId)).own).toEqual({ version: 2, appearance: look });
});

it('a look that could not be told is told when Redis is there again', async () => {
  const other = await testService();
  const { saleId } = await aSale(other, open);
  other.redis.disconnect();
  const put = await other.call('PUT', pathOf(saleId), look);
  expect(put.status).toBe(200);
  await other.redis.connect();
  await other.keeper.keepRooms();
  const json = await other.redis.get(roomKey(saleId, 'appearance'));
  expect(JSON.parse(json ?? '')).toEqual({ version: 2, appearance: look });
});

it('a draft has a look that is in its preview, and with its room once it is published', async () => {
  const { saleId } = await aSale(service);
  await call('PUT', pathOf(saleId), look);
  const made = await call('POST', `/v1/sales/${saleId}/preview`);
  const preview = await service.redis.get(`fg:preview:${made.body.id}`);
  expect(JSON.parse(preview ?? '').appearance).toEqual(look);
  await call('POST', `/v1/sales/${saleId}/publish`);
  expect((await published(saleId)).own.appearance).toEqual(look);
});

it('a copy of a sale looks as the sale does', async () => {
  const { saleId } = await aSale(service);
  await call('PUT', pathOf(saleId), look);
  const body = { startsAt: iso(startMs + 60_000) };
  const copy = String((await call('POST', `/v1/sales/${saleId}/copy`, body)).body.id);
  expect((await call('GET', pathOf(copy))).body).toMatchObject(look);
  await call('DELETE', pathOf(saleId));
  expect((await call('GET', pathOf(copy))).body).toMatchObject(look);
});
