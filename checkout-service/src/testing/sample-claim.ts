import type { Claim } from '../app/ports.ts';

/** For tests without a store: a claim of one unit, of a token and a buyer of its own. */
export const sampleClaim = (id: string, productId = 'prod'): Claim => ({
  orderId: `ord_${id}`,
  jti: `jti-${id}`,
  saleId: 'sale',
  visitor: `visitor-${id}`,
  number: 1,
  place: 1,
  max: 1,
  idempotencyKey: null,
  requestHash: 'hash',
  email: null,
  paidElsewhere: false,
  language: null,
  identity: null,
  proof: null,
  shard: 0,
  items: [{ productId, quantity: 1 }],
  buyers: [],
});
