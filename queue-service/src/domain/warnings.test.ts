import { roomSettingsDefaults } from '@fairgate/shared/sale.ts';
import { expect, test } from 'vitest';
import { saleWarnings } from './warnings.ts';

const lottery = { phase: 'scheduled', mode: 'lottery', room: roomSettingsDefaults } as const;

test('a public lottery that anybody may enter as often as they like is warned of', () => {
  expect(saleWarnings(lottery, true)).toMatchObject([{ code: 'lottery-many-chances' }]);
  expect(saleWarnings({ ...lottery, mode: 'fifo' }, true)).toEqual([]);
  expect(saleWarnings({ ...lottery, phase: 'draft' }, true)).toEqual([]);
});

test('a challenge or a login is enough', () => {
  const room = { ...roomSettingsDefaults, challenge: 'altcha' } as const;
  expect(saleWarnings({ ...lottery, room }, true)).toEqual([]);
  const identity = { jwksUrl: 'https://x.example', issuer: 'x', audience: 'x', required: true };
  expect(saleWarnings({ ...lottery, room: { ...roomSettingsDefaults, identity } }, true)).toEqual(
    [],
  );
});

test('Turnstile is warned of where this service knows of no account there', () => {
  const room = { ...roomSettingsDefaults, challenge: 'turnstile' } as const;
  const sale = { phase: 'scheduled', mode: 'fifo', room } as const;
  expect(saleWarnings(sale, false)).toMatchObject([{ code: 'turnstile-not-set-up' }]);
  expect(saleWarnings(sale, true)).toEqual([]);
  expect(saleWarnings({ ...sale, phase: 'draft' }, false)).toEqual([]);
});
