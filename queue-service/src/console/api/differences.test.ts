import { expect, test } from 'vitest';
import { changedText, settingsText } from './differences.ts';

const sale = {
  name: 'Pens',
  state: 'open',
  endsAt: null,
  updatedAt: '2030-01-01T00:00:00.000Z',
  room: { admitPerMinute: 600, message: '' },
};

test('what somebody else changed is told field by field, with what it is now', () => {
  const now = { ...sale, state: 'paused', room: { admitPerMinute: 1_200, message: 'Soon' } };
  expect(changedText(sale, now)).toBe('state Paused, rate 1,200, message “Soon”');
});

test('what follows from another change is not told', () => {
  expect(changedText(sale, { ...sale, updatedAt: '2031-01-01T00:00:00.000Z' })).toBe('');
  expect(changedText(sale, { ...sale, warnings: [{ code: 'rate-zero' }] })).toBe('');
});

test('a setting that was unset, and one that is new, are told', () => {
  const limited = { ...sale, room: { ...sale.room, placesPerAddress: 3 } };
  expect(changedText(sale, limited)).toBe('placesPerAddress 3');
  expect(changedText(limited, sale)).toBe('placesPerAddress removed');
});

test('an empty message is one that was taken away', () => {
  expect(settingsText({ message: '' })).toBe('message removed');
  expect(settingsText({ admitPerMinute: 0, maxActive: 10_000 })).toBe(
    'rate 0, active at most 10,000',
  );
});
