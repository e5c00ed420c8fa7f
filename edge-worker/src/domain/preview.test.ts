import { type Preview, previewStates } from '@fairgate/shared/preview/preview.ts';
import { expect, test } from 'vitest';
import { previewOf } from './preview.ts';

const now = Date.parse('2030-06-01T12:00:00Z');
const product = { id: 'prod_1', name: 'Pen', description: '', imageUrl: null, total: 10 };

const preview = (changes: Partial<Preview['info']> = {}): Preview => ({
  info: {
    id: 'sale_1',
    name: 'Pens',
    mode: 'fifo',
    startsAt: '2030-06-02T12:00:00.000Z',
    endsAt: null,
    bindTokens: 'optional',
    challenge: 'none',
    challengeAt: [],
    products: [{ ...product, priceMinor: 1_250, currency: 'EUR' }],
    ...changes,
  },
  free: { prod_1: 7 },
  admitPerMinute: 600,
  tokenSeconds: 120,
  message: 'Be kind',
  appearance: null,
  expiresAt: now + 1_000,
});

test('each state of the sale and of a place has its own picture', () => {
  const seen = previewStates.map((state) => {
    const { sale, place } = previewOf(preview(), state, now);
    expect(sale).toMatchObject({ name: 'Pens', message: 'Be kind', admitPerMinute: 600 });
    if (place) expect(place).toMatchObject({ saleState: sale.state, message: 'Be kind' });
    return `${state}: ${sale.state} ${place?.state ?? '-'} ${place?.ahead ?? '-'}`;
  });
  expect(seen).toEqual([
    'scheduled: scheduled - -',
    'lobby: lobby - -',
    'lobby-joined: lobby lobby 118',
    'open: open - -',
    'challenge: open - -',
    'waiting-far: open waiting 3600',
    'waiting-near: open waiting 3',
    'admitted: open admitted 0',
    'done: open done 0',
    'expired: open expired 0',
    'left: open left 0',
    'paused: paused waiting 3600',
    'sold_out: sold_out waiting 3600',
    'closed: closed - -',
  ]);
});

test('waits follow from the set rate, the turn from tokenSeconds, and stock is what is free', () => {
  const far = previewOf(preview(), 'waiting-far', now);
  expect(far.place?.etaSeconds).toEqual({ low: 360, high: 468 });
  expect(far.place?.outlook).toEqual({ kind: 'unlikely', unitsLeft: 7, unitsHeld: 0 });
  expect(far.sale.products[0]).toMatchObject({ available: 7, total: 10 });
  expect(previewOf(preview(), 'waiting-near', now).place?.outlook.kind).toBe('likely');
  const turn = previewOf(preview(), 'admitted', now).place;
  expect(turn?.admittedUntil).toBe('2030-06-01T12:02:00.000Z');
  const gone = previewOf(preview(), 'sold_out', now);
  expect(gone.sale.products[0]?.available).toBe(0);
  expect(gone.place?.outlook).toEqual({ kind: 'sold_out', unitsLeft: 0, unitsHeld: 0 });
  const still = previewOf({ ...preview(), admitPerMinute: 0 }, 'waiting-far', now).place;
  expect(still?.etaSeconds).toBeNull();
});

test('before the draw of a lottery nobody stands anywhere, and afterwards a rank was drawn', () => {
  const lottery = preview({ mode: 'lottery' });
  const lobby = previewOf(lottery, 'lobby-joined', now).place;
  expect(lobby).toMatchObject({ ahead: null, behind: null, etaSeconds: null });
  expect(previewOf(lottery, 'waiting-near', now).place).toMatchObject({
    number: 4,
    lobbyNumber: 4_817,
  });
});

test('who trusts which login is shown, and not where its keys are', () => {
  const identity = { jwksUrl: 'https://x/k', issuer: 'x', audience: 'y', required: true };
  const { sale } = previewOf(preview({ identity }), 'open', now);
  expect(sale.identity).toEqual({ issuer: 'x', required: true });
});
