import { z } from 'zod';
import {
  type ColourName,
  colourNames,
  defaultColours,
  type SomeColours,
} from './appearance/colours.ts';
import { type Language, languages } from './words/languages.ts';
import type { OwnTexts } from './words/speech.ts';

/**
 * What a shop sets of the look of a sale's pages; every part may be left out. What is stored was
 * judged when it was written (`appearance/rules.ts`), and its HTML was cleaned then.
 */

const colour = z.string().regex(/^#[0-9a-fA-F]{6}$/, 'must be a colour such as #1b1d22');
const someColours = {
  ground: colour.optional(),
  card: colour.optional(),
  ink: colour.optional(),
  muted: colour.optional(),
  line: colour.optional(),
  accent: colour.optional(),
  accentInk: colour.optional(),
  accentSoft: colour.optional(),
  good: colour.optional(),
  warn: colour.optional(),
  bad: colour.optional(),
} satisfies Record<ColourName, z.ZodType>;

const language = z.enum(languages);
const oneText = z.string().min(1).max(500);
const plurals = ['zero', 'one', 'two', 'few', 'many', 'other'] as const;
/** One text, or one for each plural category of its language. */
const phraseSchema = z.union([oneText, z.partialRecord(z.enum(plurals), oneText)]);

const textKey = z.string().regex(/^[a-z]\w{0,30}\.\w{1,50}$/, 'must be a key such as sale.title');

export const appearanceSchema = z.strictObject({
  /** By language, then by key of the pages' words. */
  texts: z.partialRecord(language, z.record(textKey, phraseSchema)).optional(),
  colours: z
    .strictObject({ ...someColours, dark: z.strictObject(someColours).optional() })
    .optional(),
  logoUrl: z
    .url({ protocol: /^https$/, error: 'must be an https URL' })
    .max(2_000)
    .optional(),
  logoAlt: z.string().max(200).optional(),
  /** For every language, or by language. */
  html: z.union([z.string(), z.partialRecord(language, z.string())]).optional(),
});
export type Appearance = z.infer<typeof appearanceSchema>;

/** What an appearance is published as; every change of the sale's has a higher version. */
export const publishedAppearanceSchema = z.object({
  version: z.int(),
  appearance: appearanceSchema,
});

/** Style rules that set the shop's colours on screens (paper has its own); '' where it sets none. */
export function appearanceCss(appearance: Appearance | null): string {
  const { dark = {}, ...light } = appearance?.colours ?? {};
  // Behind a rule for all, the dark scheme has to be given back what the shop set for light.
  const back = Object.fromEntries(
    colourNames.flatMap((name) => (light[name] ? [[name, defaultColours.dark[name]]] : [])),
  );
  return `${rootRule('screen', light)}${rootRule(darkScreen, { ...back, ...dark })}`;
}

const darkScreen = 'screen and (prefers-color-scheme:dark)';

function rootRule(media: string, colours: SomeColours): string {
  const set = colourNames.flatMap((name) => {
    const value = colours[name];
    const property = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    return value === undefined ? [] : [`--${property}:${value}`];
  });
  return set.length === 0 ? '' : `@media ${media}{:root{${set.join(';')}}}`;
}

/** The shop's own texts in a language, for `speechIn`; `{}` where it has none. */
export function ownTexts(appearance: Appearance | null, language: Language): OwnTexts {
  return appearance?.texts?.[language] ?? {};
}

/** Cleaned HTML, and the language that it is in; null where nobody said which. */
export type OwnHtml = { html: string; language: Language | null };

/** The shop's own block for a page in a language; in another one where there is none in that. */
export function ownHtml(appearance: Appearance | null, language: Language): OwnHtml | null {
  const html = appearance?.html;
  if (html === undefined) return null;
  if (typeof html === 'string') return html === '' ? null : { html, language: null };
  for (const one of [language, ...languages]) {
    const found = html[one];
    if (found) return { html: found, language: one };
  }
  return null;
}
