import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshDatabaseUrl } from '../../e2e/support/stores.ts';
import { makeRig, type Rig } from './testing/checkout-rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await makeRig({ databaseUrl: await freshDatabaseUrl(afterAll), units: [20] });
});
afterAll(() => rig.close());

const items = () => [{ productId: rig.products[0]!, quantity: 1 }];

async function languageStored(body: object, headers: Record<string, string>) {
  const key = await rig.token();
  const json = { items: items(), ...body };
  const answer = await rig.call('POST', '/v1/redemptions', { key, json, headers });
  expect(answer.status).toBe(201);
  const [row] = await rig.sql`select language from orders where id = ${answer.body.order.id}`;
  return row?.language;
}

describe('an order keeps the language of its shopper', () => {
  it.each([
    ['as the body names it', { language: 'pt-BR' }, { 'accept-language': 'de' }, 'pt'],
    ['as the browser wants it', {}, { 'accept-language': 'fr-CH, en;q=0.5' }, 'fr'],
    ['as the switch says', {}, { 'accept-language': 'de', cookie: 'fg_lang=ar' }, 'ar'],
    ['that we speak, of those it wants', { language: 'nl' }, { 'accept-language': 'ja' }, 'ja'],
    ['or ours', {}, {}, 'en'],
  ])('%s', async (_, body, headers, language) => {
    expect(await languageStored(body, headers)).toBe(language);
  });

  it('also where a form redeemed', async () => {
    const token = await rig.token();
    const [productId, key] = [rig.products[0]!, 'a-key-of-this-form'];
    const fields = { sale: rig.saleId, token, key, productId, quantity: '1', email: '' };
    const done = await rig.call('POST', '/checkout/redeem', {
      text: new URLSearchParams(fields).toString(),
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        'accept-language': 'hi-IN,hi;q=0.9',
      },
    });
    const id = done.headers.get('location')?.split('/').at(-1) ?? '';
    expect((await rig.sql`select language from orders where id = ${id}`)[0]?.language).toBe('hi');
  });

  it('and another one in the body is another wish, where another browser is not', async () => {
    const token = await rig.token();
    const redeem = async (body: object, language: string) => {
      const headers = { 'idempotency-key': 'once', 'accept-language': language };
      const json = { items: items(), ...body };
      return await rig.call('POST', '/v1/redemptions', { key: token, json, headers });
    };
    expect((await redeem({}, 'de')).status).toBe(201);
    expect((await redeem({}, 'fr')).headers.get('idempotent-replayed')).toBe('true');
    expect((await redeem({ language: 'de' }, 'de')).status).toBe(422);
    expect((await redeem({ language: 'no such tag' }, 'de')).status).toBe(400);
  });
});
