import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anOrder, aSale, type Service, testService } from '../../test/fixture.ts';

let service: Service;
let saleId: string;
let first: string;
let second: string;
beforeAll(async () => {
  service = await testService(afterAll);
  const sale = await aSale(service, { publish: true });
  saleId = sale.saleId;
  const paid = { ...sale, state: 'paid' } as const;
  first = (await anOrder(service, { ...paid, jti: 'a' }, 'Ada@Example.org')).orderId;
  second = (await anOrder(service, { ...paid, jti: 'b' }, null)).orderId;
  await service.database.sql`update orders set number = 42 where id = ${second}`;
});

const found = async (query: Record<string, string>) => {
  const { body } = await service.call('GET', `/v1/orders?${new URLSearchParams(query)}`);
  return (body.items as { id: string }[]).map(({ id }) => id);
};

describe('orders are found', () => {
  it('by their id', async () => expect(await found({ q: first })).toEqual([first]));
  it('by the address of the shopper, in any case', async () => {
    expect(await found({ q: 'ada@example.ORG' })).toEqual([first]);
  });
  it('by the number in the line', async () => expect(await found({ q: '42' })).toEqual([second]));
  it('within a sale and a state', async () => {
    expect(await found({ q: '42', saleId, state: 'paid' })).toEqual([second]);
    expect(await found({ q: '42', saleId, state: 'refunded' })).toEqual([]);
  });
  it('not by what could be anything', async () => {
    expect(await found({ q: "x' or 1=1" })).toEqual([]);
    expect(await found({ q: '%' })).toEqual([]);
  });
});
