import { describe, expect, test } from 'vitest';
import { languageNames, languageOf, languages, wantedLanguage } from './languages.ts';
import { isMilestone, outlookWords, waitWords } from './live.ts';
import { speechIn } from './speech.ts';

describe('the language of a page', () => {
  test.each([
    ['de-AT,de;q=0.9,en;q=0.8', 'de'],
    ['zh-Hans-CN', 'zh'],
    ['nl, fr;q=0.5, en;q=0.7', 'en'],
    ['pt-BR;q=1.0', 'pt'],
    ['tlh, *', 'en'],
    ['en;q=0, ja;q=0.1', 'ja'],
    ['', 'en'],
    [undefined, 'en'],
    ['constructor, __proto__', 'en'],
    ['de;q=nonsense', 'de'],
  ] as const)('of %s is %s', (header, language) => {
    expect(languageOf(header)).toBe(language);
  });

  test('is nobody’s wish where none of ours is named', () => {
    expect(wantedLanguage('nl')).toBeUndefined();
  });
});

describe.each(languages)('figures in %s', (language) => {
  const speech = speechIn(language);

  test('are written by the language, and never wrong for any count', () => {
    for (const count of [0, 1, 2, 3, 5, 10, 11, 21, 100, 1_000, 1_000_000]) {
      const shown = [
        speech.say('live.outlookLikely', { count }),
        speech.say('live.aheadNow', { count }),
        speech.say('place.ahead', { count }),
        speech.duration(count),
        waitWords(speech, { low: count, high: count * 2 }),
        outlookWords(speech, { kind: 'unlikely', unitsLeft: count, unitsHeld: 3 }),
      ];
      for (const text of shown) expect(text).not.toMatch(/undefined|NaN|\{|\}|-\d|^$/);
      if (count !== 1 && count !== 2 && count !== 0)
        expect(shown[0]).toContain(speech.number(count));
    }
  });

  test('of money have the decimals of the currency', () => {
    expect(speech.money(123_450, 'EUR')).toMatch(/1\D?234[.,]50/);
    expect(speech.money(123_450, 'JPY').replaceAll(/\D/g, '')).toBe('123450');
    expect(speech.money(1_234, 'KWD')).toMatch(/1[.,٫]234/);
  });
});

test('a language is called by its own name', () => {
  expect(Object.values(languageNames).every((name) => name.length > 1)).toBe(true);
});

test('durations name their two largest units', () => {
  const { duration } = speechIn('en');
  expect([0, 45, 60, 61, 3_600, 3_660, 5_400, 90_000].map(duration)).toEqual([
    '0 seconds',
    '45 seconds',
    '1 minute',
    '1 minute 1 second',
    '1 hour',
    '1 hour 1 minute',
    '1 hour 30 minutes',
    '1 day 1 hour',
  ]);
});

test('what the shop says in its own words counts before ours', () => {
  const own = speechIn('de', {
    'sale.joinTitle': 'Rein da',
    'live.aheadNow': { other: '{count}!' },
  });
  expect(own.say('sale.joinTitle')).toBe('Rein da');
  expect(own.say('live.aheadNow', { count: 1_500 })).toBe('1.500!');
  expect(own.say('sale.soldOutTitle')).toBe(speechIn('de').say('sale.soldOutTitle'));
});

test('a screen reader is told at milestones, and not at every poll', () => {
  const told: number[] = [];
  for (let ahead = 1_000; ahead >= 0; ahead -= 1) {
    if (told.length === 0 || isMilestone(told.at(-1) ?? null, ahead)) told.push(ahead);
  }
  expect(told).toEqual([1_000, 500, 250, 125, 62, 31, 15, 7, 3, 1, 0]);
});
