import { orderStates } from '@fairgate/shared/order.ts';
import { describe, expect, it } from 'vitest';
import { classifyStored, type StoredRedemption } from './idempotency.ts';
import { orderChanges, transition, transitionOf } from './order-machine.ts';
import {
  canonicalRequest,
  checkRequest,
  type ProductStanding,
  redemptionRequest,
} from './redemption.ts';

describe('the life of an order', () => {
  it('is this table and nothing else', () => {
    const table = orderStates.flatMap((state) =>
      orderChanges.flatMap((change) => {
        const result = transition(state, change);
        return result.kind === 'moved' ? [`${state} -${change}-> ${result.to}`] : [];
      }),
    );
    expect(table).toEqual([
      'awaiting_payment -pay-> paid',
      'awaiting_payment -decline-> awaiting_payment',
      'awaiting_payment -extend-> awaiting_payment',
      'awaiting_payment -expire-> expired',
      'awaiting_payment -cancel-> cancelled',
      'paid -refund-> refunded',
      'expired -buy-again-> paid',
    ]);
  });

  it('reads the same by its changes', () => {
    for (const change of orderChanges) {
      const { from, to } = transitionOf(change);
      for (const state of from) expect(transition(state, change)).toEqual({ kind: 'moved', to });
    }
  });
});

describe('a token that has a row', () => {
  const stored: StoredRedemption = {
    jti: 'j',
    kind: 'order',
    orderId: 'ord_1',
    idempotencyKey: 'k',
    requestHash: 'h',
    createdAtMs: 1_000,
  };
  const verdict = (key: string | null, hash: string, now = 1_500, row = stored) =>
    classifyStored(row, { idempotencyKey: key, requestHash: hash }, now, 1_000).kind;

  it.each([
    ['k', 'h', 'replay'],
    ['k', 'other', 'key-reused'],
    ['other', 'h', 'already-redeemed'],
    [null, 'h', 'already-redeemed'],
  ])('key %s, body %s is %s', (key, hash, kind) => {
    expect(verdict(key, hash)).toBe(kind);
  });

  it('is redeemed once the time of its key is over, and to whoever gave no key', () => {
    expect(verdict('k', 'h', 2_001)).toBe('already-redeemed');
    expect(verdict(null, 'h', 1_500, { ...stored, idempotencyKey: null })).toBe('already-redeemed');
    expect(verdict('k', 'h', 1_500, { ...stored, kind: 'lapsed', orderId: null })).toBe('lapsed');
  });
});

describe('a redemption request', () => {
  it('is the same wish in any order and any split', () => {
    const mixed = [
      { productId: 'b', quantity: 1 },
      { productId: 'a', quantity: 2 },
    ];
    const split = [
      { productId: 'a', quantity: 1 },
      { productId: 'b', quantity: 1 },
      { productId: 'a', quantity: 1 },
    ];
    const one = redemptionRequest(mixed, { language: 'de' });
    // Which language a browser would like is no part of the wish; one that the body names is.
    const other = redemptionRequest(split, { language: 'fr' });
    expect(canonicalRequest(one)).toBe(canonicalRequest(other));
    expect(canonicalRequest({ ...one, languageAsked: 'de' })).not.toBe(canonicalRequest(one));
    expect(canonicalRequest({ ...one, email: 'x@y.z' })).not.toBe(canonicalRequest(one));
  });

  it('counts its units before it looks at its products', () => {
    const request = redemptionRequest([{ productId: 'foreign', quantity: 3 }], {});
    const kind = (max: number, standing?: ProductStanding) =>
      checkRequest(request, max, new Map(standing ? [['foreign', standing]] : [])).kind;
    expect(kind(2)).toBe('quantity-exceeded');
    expect(kind(3)).toBe('foreign-product');
    expect(kind(3, 'deleted')).toBe('foreign-product');
    expect(kind(3, 'withdrawn')).toBe('withdrawn');
    expect(kind(3, 'offered')).toBe('fine');
  });
});
