/** The languages of the pages and notices, with what each calls itself. The first one is spoken where no other is known. */
export const languageNames = {
  en: 'English',
  de: 'Deutsch',
  fr: 'Français',
  es: 'Español',
  pt: 'Português',
  ja: '日本語',
  zh: '简体中文',
  ko: '한국어',
  ar: 'العربية',
  hi: 'हिन्दी',
} as const;

export type Language = keyof typeof languageNames;

export const languages = Object.keys(languageNames) as Language[];

export const defaultLanguage: Language = 'en';

/** The language of a BCP 47 tag (`pt-BR`, `zh-Hans`), by its first part; undefined: none of ours. */
export function languageOfTag(tag: string): Language | undefined {
  const first = tag.trim().toLowerCase().split(/[-_]/)[0];
  return languages.find((language) => language === first);
}

/**
 * The best of ours for a tag or an `Accept-Language` header (RFC 9110 section 12.5.4): the one
 * with the highest weight, the first of equals; the default where none fits.
 */
export function languageOf(text: string | null | undefined): Language {
  return wantedLanguage(text) ?? defaultLanguage;
}

/** As `languageOf`, undefined where none of ours is wanted. */
export function wantedLanguage(text: string | null | undefined): Language | undefined {
  let best: { language: Language; weight: number } | undefined;
  for (const part of (text ?? '').slice(0, textMax).split(',')) {
    const [tag = '', ...parameters] = part.split(';');
    const language = languageOfTag(tag);
    const weight = weightOf(parameters);
    if (language !== undefined && weight > (best?.weight ?? 0)) best = { language, weight };
  }
  return best?.language;
}

/** A header is no longer than this, or the rest of it is not read. */
const textMax = 500;

function weightOf(parameters: string[]): number {
  const given = parameters.map((text) => /^\s*q=([0-9.]{1,5})\s*$/i.exec(text)?.[1]).find(Boolean);
  return given === undefined ? 1 : Number(given) || 0;
}

export function directionOf(language: Language): 'ltr' | 'rtl' {
  return language === 'ar' ? 'rtl' : 'ltr';
}
