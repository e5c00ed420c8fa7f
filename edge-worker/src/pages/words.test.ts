import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { countdownWords, moneyWords, outlookWords, waitWords, whyWords } from './words.ts';

test('a wait is told in words', () => {
  expect(waitWords(null)).toBe('Not known right now');
  expect(waitWords({ low: 3, high: 40 })).toBe('Less than a minute');
  expect(waitWords({ low: 70, high: 100 })).toBe('1 to 2 minutes');
  expect(waitWords({ low: 10, high: 60 })).toBe('About 1 minute');
});

test('a countdown says what is left, to the second', () => {
  const from = (seconds: number) => new Date(seconds * 1_000).toISOString();
  const left = (seconds: number) => countdownWords(from(seconds), from(0));
  expect([left(120), left(59.2), left(3_723), left(90_000)]).toEqual([
    '2:00',
    '1:00',
    '1:02:03',
    '25:00:00',
  ]);
  expect(countdownWords(from(0), from(9))).toBe('0:00');
});

test('money has as many decimals as its currency', () => {
  expect(moneyWords(4_500, 'EUR')).toBe('€45.00');
  expect(moneyWords(4_500, 'JPY')).toBe('¥4,500');
});

test('with holds alone, it is told what may come back', () => {
  const outlook = { kind: 'unlikely', unitsLeft: 0 } as const;
  expect(outlookWords({ ...outlook, unitsHeld: 12 })).toBe(
    "12 are in others' hands and may come back.",
  );
});

test('the script of the page says the same as the page', () => {
  const script = readFileSync(join(import.meta.dirname, 'client/sale.browser.js'), 'utf8');
  const cases = script.slice(
    script.indexOf('const minutes'),
    script.indexOf('const countdownWords'),
  );
  const say = new Function(`${cases}; return { waitWords, whyWords, outlookWords };`)();
  for (const low of [0, 30, 61, 400]) {
    for (const high of [5, 59, 60, 90, 3_000]) {
      expect(say.waitWords({ low, high })).toBe(waitWords({ low, high }));
    }
  }
  expect(say.waitWords(null)).toBe(waitWords(null));
  for (const kind of ['likely', 'unlikely', 'sold_out'] as const) {
    for (const unitsHeld of [0, 1, 3]) {
      for (const unitsLeft of [0, 4]) {
        const outlook = { kind, unitsLeft, unitsHeld };
        expect(say.outlookWords(outlook)).toBe(outlookWords(outlook));
      }
    }
  }
  for (const saleState of ['lobby', 'open', 'paused', 'sold_out'] as const) {
    for (const ahead of [null, 3]) {
      for (const etaSeconds of [null, { low: 1, high: 2 }]) {
        const state = saleState === 'lobby' ? 'lobby' : 'waiting';
        const place = { state, ahead, etaSeconds, saleState } as const;
        expect(say.whyWords(place)).toBe(whyWords(place));
      }
    }
  }
});
