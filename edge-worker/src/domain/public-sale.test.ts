import { expect, test } from 'vitest';
import { snapshotOf } from '../../../e2e/support/snapshots.ts';
import { publicSale } from './public-sale.ts';

test('the public sale shows free units by product, and nothing of the room inside', () => {
  const sale = publicSale(snapshotOf({ line: [1, 2], message: 'Hello' }), 5_000);
  expect(sale).toMatchObject({ state: 'open', waiting: 2, message: 'Hello', admitPerMinute: 600 });
  expect(sale.serverTime).toBe('1970-01-01T00:00:05.000Z');
  expect(sale.products[0]).toMatchObject({ id: 'prod_1', total: 10, available: 7 });
  expect(Object.keys(sale)).not.toContain('positions');
});
