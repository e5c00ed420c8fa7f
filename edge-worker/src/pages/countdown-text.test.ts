import { speechIn } from '@fairgate/shared/words/speech.ts';
import { expect, test } from 'vitest';
import { countdownText } from './countdown-text.ts';

test('what is left is counted to the second within a day, in days before, and is never negative', () => {
  const { duration } = speechIn('en');
  const shown = [-5_000, 0, 1, 59_000, 61_000, 3_600_000, 86_400_000, 273_600_000];
  expect(shown.map((ms) => countdownText(ms, duration))).toEqual([
    ...['0:00', '0:00', '0:01', '0:59', '1:01', '1:00:00', '24:00:00', '3 days 4 hours'],
  ]);
});
