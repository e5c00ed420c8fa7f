import { directionOf, type Language } from './languages.ts';
import type { Phrase } from './phrase.ts';
import { phrasesOf, type WordKey } from './texts.ts';
import { type Voice, voiceOf } from './voice.ts';

/** A language that pages and notices are said in. */
export type Speech = Voice<WordKey> & {
  readonly language: Language;
  readonly direction: 'ltr' | 'rtl';
  /** The phrases that a script of the page says, by their keys. */
  phrases(keys: readonly WordKey[]): Record<string, Phrase>;
};

/** What a shop says in its own words, by key (`group.name`). */
export type OwnTexts = Readonly<Record<string, Phrase>>;

const spoken = new Map<Language, Speech>();

/** `own`: what the shop says otherwise; made anew for it, so hold what comes back. */
export function speechIn(language: Language, own: OwnTexts = {}): Speech {
  if (Object.keys(own).length > 0) return makeSpeech(language, own);
  const made = spoken.get(language) ?? makeSpeech(language, {});
  spoken.set(language, made);
  return made;
}

function makeSpeech(language: Language, own: OwnTexts): Speech {
  const phrases = phrasesOf(language);
  const phraseOf = (key: WordKey) => (Object.hasOwn(own, key) ? own[key] : phrases.get(key));
  return {
    ...voiceOf<WordKey>(language, phraseOf),
    language,
    direction: directionOf(language),
    phrases: (keys) => Object.fromEntries(keys.map((key) => [key, phraseOf(key) ?? key])),
  };
}
