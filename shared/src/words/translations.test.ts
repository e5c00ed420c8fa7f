import { describe, expect, test } from 'vitest';
import { type Language, languages } from './languages.ts';
import type { Phrase } from './phrase.ts';
import { textsOf } from './texts.ts';

const english = textsOf('en');
const phrasesByKey = (language: Language): Map<string, Phrase> =>
  new Map(
    Object.entries(textsOf(language)).flatMap(([group, names]) =>
      Object.entries(names).map(([name, phrase]) => [`${group}.${name}`, phrase] as const),
    ),
  );
const formsOf = (phrase: Phrase): string[] =>
  typeof phrase === 'string' ? [phrase] : Object.values(phrase);
const namesIn = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort();
const others = languages.filter((language) => language !== 'en');

describe.each(others)('the texts in %s', (language) => {
  const phrases = phrasesByKey(language);

  test('are those of English, in its order', () => {
    expect(Object.keys(textsOf(language))).toEqual(Object.keys(english));
    expect([...phrases.keys()]).toEqual([...phrasesByKey('en').keys()]);
  });

  test('name the values that English names, each once', () => {
    for (const [key, phrase] of phrasesByKey('en')) {
      const wanted = namesIn(formsOf(phrase).at(-1) ?? '');
      for (const text of formsOf(phrases.get(key) ?? '')) {
        // `one`, `two` and `zero` may say the count in words.
        const isSmall = typeof phrase !== 'string' && !namesIn(text).includes('count');
        const names = isSmall ? wanted.filter((name) => name !== 'count') : wanted;
        expect(namesIn(text), `${key}: ${text}`).toEqual(names);
      }
    }
  });

  test('count by the plural categories of the language, and no others', () => {
    const categories = new Intl.PluralRules(language).resolvedOptions().pluralCategories;
    for (const [key, phrase] of phrases) {
      const counted = phrasesByKey('en').get(key);
      expect(typeof phrase, key).toBe(typeof counted);
      if (typeof phrase === 'string') continue;
      expect(Object.keys(phrase).sort(), key).toEqual([...categories].sort());
    }
  });

  test('are not empty, hold no markup, and are another language’s', () => {
    const same: string[] = [];
    for (const [key, phrase] of phrases) {
      for (const text of formsOf(phrase)) {
        expect(text.trim(), key).toBe(text);
        expect(text, key).not.toMatch(/[<>&]|^$/);
      }
      if (JSON.stringify(phrase) === JSON.stringify(phrasesByKey('en').get(key))) same.push(key);
    }
    // A few words are the same in several languages.
    expect(same.length, same.join(', ')).toBeLessThan(12);
  });
});
