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

test('the public sale says when its lobby opens, if it opens before the start', () => {
  const opensAt = (lobbySeconds: number | undefined) =>
    publicSale(
      snapshotOf({ startsAt: 3_600_000, ...(lobbySeconds === undefined ? {} : { lobbySeconds }) }),
      0,
    ).lobbyOpensAt;
  expect(opensAt(900)).toBe('1970-01-01T00:45:00.000Z');
  expect(opensAt(0)).toBeNull();
  // By the snapshot of a room that is older than this edge.
  expect(opensAt(undefined)).toBeNull();
});
