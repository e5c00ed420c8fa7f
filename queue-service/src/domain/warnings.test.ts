import { roomSettingsDefaults } from '@fairgate/shared/sale.ts';
import { expect, test } from 'vitest';
import { saleWarnings } from './warnings.ts';

const lottery = { phase: 'scheduled', mode: 'lottery', room: roomSettingsDefaults } as const;

test('a public lottery that anybody may enter as often as they like is warned of', () => {
  expect(saleWarnings(lottery)).toMatchObject([{ code: 'lottery-many-chances' }]);
  expect(saleWarnings({ ...lottery, mode: 'fifo' })).toEqual([]);
  expect(saleWarnings({ ...lottery, phase: 'draft' })).toEqual([]);
});

test('a challenge or a login is enough', () => {
  const room = { ...roomSettingsDefaults, challenge: 'altcha' } as const;
  expect(saleWarnings({ ...lottery, room })).toEqual([]);
  const identity = { jwksUrl: 'https://x.example', issuer: 'x', audience: 'x', required: true };
  expect(saleWarnings({ ...lottery, room: { ...roomSettingsDefaults, identity } })).toEqual([]);
});
