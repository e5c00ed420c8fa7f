import { expect, it } from 'vitest';
import { moneyWords } from './words.ts';

it('money has the decimals of its currency', () => {
  expect([moneyWords(1_250, 'EUR'), moneyWords(1_250, 'JPY'), moneyWords(1_250, 'BHD')]).toEqual([
    '12.50 EUR',
    '1250 JPY',
    '1.250 BHD',
  ]);
});
