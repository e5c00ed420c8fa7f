import { isOwnTextKey } from '@fairgate/shared/appearance/text-groups.ts';
import type { Appearance } from '@fairgate/shared/appearance.ts';
import type { Language } from '@fairgate/shared/words/languages.ts';
import type { Phrase } from '@fairgate/shared/words/phrase.ts';
import { ApiProblem, ask, get } from './client.ts';
import { goesOn } from './seen.ts';

/** A look as it is kept, and its version. */
export type KeptLook = { look: Appearance; etag: string | null };
/** `removed`: what was taken out of its HTML. */
export type SavedLook = KeptLook & { removed: string[] };

type Answer = Appearance & { id: string; updatedAt: string | null };
type PutAnswer = Answer & { cleaned: boolean; removed: string[] };

const pathOf = (saleId: string) => `/v1/sales/${saleId}/appearance`;

export async function readLook(saleId: string): Promise<KeptLook> {
  const { data, etag } = await get<Answer>(pathOf(saleId));
  return { look: lookIn(data), etag };
}

function lookIn({ id: _, updatedAt: __, ...look }: Answer): Appearance {
  return look;
}

/**
 * Saves a look as it was looked at. Where somebody else was faster (412), says what they changed, and
 * asks. Null where it was then left. Throws ApiProblems.
 */
export async function saveLook(
  saleId: string,
  kept: KeptLook,
  look: Appearance,
): Promise<SavedLook | null> {
  let known = kept;
  for (;;) {
    try {
      const body = withoutEmpty(look);
      const { data, etag } = await ask<PutAnswer>('PUT', pathOf(saleId), {
        body,
        etag: known.etag,
      });
      const { cleaned: _, removed, ...answer } = data;
      return { look: lookIn(answer), etag, removed };
    } catch (error) {
      if (!(error instanceof ApiProblem && error.status === 412)) throw error;
    }
    const fresh = await readLook(saleId);
    if (!(await goesOn('look', changedParts(known.look, fresh.look), 'Save yours'))) return null;
    known = fresh;
  }
}

const partWords: Record<keyof Appearance, string> = {
  colours: 'colours',
  texts: 'texts',
  html: 'the block of HTML',
  logoUrl: 'the logo',
  logoAlt: 'the logo’s text',
};

function changedParts(before: Appearance, now: Appearance): string {
  const names = Object.keys(partWords) as (keyof Appearance)[];
  return names
    .filter((name) => JSON.stringify(before[name]) !== JSON.stringify(now[name]))
    .map((name) => partWords[name])
    .join(', ');
}

/** Whether two looks are the same, whatever was opened and left empty in them. */
export function isSameLook(one: Appearance, other: Appearance): boolean {
  return sorted(withoutEmpty(one)) === sorted(withoutEmpty(other));
}

function withoutEmpty<T extends object>(value: T): T {
  const entries = Object.entries(value).map(([name, inner]) => [
    name,
    typeof inner === 'object' && inner !== null ? withoutEmpty(inner) : inner,
  ]);
  const full = entries.filter(([, inner]) => {
    const isEmptyObject = typeof inner === 'object' && Object.keys(inner).length === 0;
    return inner !== undefined && inner !== '' && !isEmptyObject;
  });
  return Object.fromEntries(full);
}

function sorted(value: object): string {
  return JSON.stringify(value, (_, inner) =>
    typeof inner === 'object' && inner !== null
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

type Words = Record<string, Record<string, Phrase>>;

/** Each language's words are fetched when they are looked at. */
const words: Record<Language, () => Promise<{ default: Words }>> = {
  en: () => import('@fairgate/shared/words/en.json'),
  de: () => import('@fairgate/shared/words/de.json'),
  fr: () => import('@fairgate/shared/words/fr.json'),
  es: () => import('@fairgate/shared/words/es.json'),
  pt: () => import('@fairgate/shared/words/pt.json'),
  ja: () => import('@fairgate/shared/words/ja.json'),
  zh: () => import('@fairgate/shared/words/zh.json'),
  ko: () => import('@fairgate/shared/words/ko.json'),
  ar: () => import('@fairgate/shared/words/ar.json'),
  hi: () => import('@fairgate/shared/words/hi.json'),
};

export type Original = { key: string; phrase: Phrase };

/** What the pages of a sale say in a language, in the order of the file; English where it lacks one. */
export async function originalsIn(language: Language): Promise<Original[]> {
  const [english, own] = await Promise.all([words.en(), words[language]()]);
  return Object.entries(english.default).flatMap(([group, names]) =>
    Object.entries(names).flatMap(([name, phrase]) => {
      const key = `${group}.${name}`;
      return isOwnTextKey(key) ? [{ key, phrase: own.default[group]?.[name] ?? phrase }] : [];
    }),
  );
}
