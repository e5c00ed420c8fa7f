import ar from './ar.json' with { type: 'json' };
import de from './de.json' with { type: 'json' };
import en from './en.json' with { type: 'json' };
import es from './es.json' with { type: 'json' };
import fr from './fr.json' with { type: 'json' };
import hi from './hi.json' with { type: 'json' };
import ja from './ja.json' with { type: 'json' };
import ko from './ko.json' with { type: 'json' };
import type { Language } from './languages.ts';
import type { Phrase } from './phrase.ts';
import pt from './pt.json' with { type: 'json' };
import zh from './zh.json' with { type: 'json' };

type English = typeof en;
type Group = keyof English;

/** `group.name`, as in en.json. */
export type WordKey = { [G in Group]: `${G}.${keyof English[G] & string}` }[Group];

type Texts = Record<string, Record<string, Phrase>>;

const files: Record<Language, Texts> = { en, de, fr, es, pt, ja, zh, ko, ar, hi };

/** Every phrase of a language by its key; English where the language has none. */
const flat = new Map<Language, ReadonlyMap<string, Phrase>>();

export function phrasesOf(language: Language): ReadonlyMap<string, Phrase> {
  const made = flat.get(language) ?? flatten(language);
  flat.set(language, made);
  return made;
}

function flatten(language: Language): ReadonlyMap<string, Phrase> {
  const entries = [files.en, files[language]].flatMap((texts) =>
    Object.entries(texts).flatMap(([group, names]) =>
      Object.entries(names).map(([name, phrase]) => [`${group}.${name}`, phrase] as const),
    ),
  );
  return new Map(entries);
}

/** The files as they are, for tests that compare them. */
export function textsOf(language: Language): Texts {
  return files[language];
}
