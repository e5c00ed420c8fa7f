import type { z } from 'zod';
import { type Appearance, appearanceSchema } from '../appearance.ts';
import type { Language } from '../words/languages.ts';
import type { Phrase } from '../words/phrase.ts';
import { phrasesOf } from '../words/texts.ts';
import { contrastMin, contrastText, pairsTooLow, schemes } from './colours.ts';
import { isOwnTextKey } from './text-groups.ts';

/** Bytes of the JSON: an isolate holds a hundred of them, and each change goes to the room whole. */
export const appearanceBytesMax = 16 * 1_024;
/** Of these the HTML, in all languages: a page of a sale stays within its weight. */
export const htmlBytesMax = 8 * 1_024;

/** The keys that a shop may say otherwise. */
export function ownTextKeys(): string[] {
  return [...phrasesOf('en').keys()].filter(isOwnTextKey);
}

/** `path` as zod has it. */
type Fault = { path: (string | number)[]; message: string };

/** An appearance that a shop may have: readable, and with texts that say what ours say. */
export const newAppearanceSchema = appearanceSchema.superRefine((appearance, context) => {
  for (const { path, message } of faultsOf(appearance)) {
    context.addIssue({ code: 'custom', path, message });
  }
}) satisfies z.ZodType<Appearance>;

function faultsOf(appearance: Appearance): Fault[] {
  const ofParts = [...logoFaults(appearance), ...colourFaults(appearance)];
  return [...sizeFaults(appearance), ...ofParts, ...textFaults(appearance)];
}

/** Also of what became of it when its HTML was cleaned. */
export function sizeFaults(appearance: Appearance): Fault[] {
  const { html } = appearance;
  const blocks = typeof html === 'string' ? [html] : Object.values(html ?? {});
  const tooMuch = (path: string[], bytes: number, bytesMax: number): Fault[] =>
    bytes <= bytesMax ? [] : [{ path, message: `has ${bytes} bytes; ${bytesMax} are allowed` }];
  return [
    ...tooMuch(['html'], bytesOf(blocks.join('')), htmlBytesMax),
    ...tooMuch([], bytesOf(JSON.stringify(appearance)), appearanceBytesMax),
  ];
}

function bytesOf(text: string): number {
  return new TextEncoder().encode(text).length;
}

/** It is the link to all sales, and a link has to say something to everybody. */
function logoFaults({ logoUrl, logoAlt = '' }: Appearance): Fault[] {
  if (logoUrl === undefined || logoAlt.trim() !== '') return [];
  return [{ path: ['logoAlt'], message: 'must say what the logo shows' }];
}

function colourFaults({ colours }: Appearance): Fault[] {
  const { dark = {}, ...light } = colours ?? {};
  return schemes.flatMap((scheme) =>
    pairsTooLow(scheme, scheme === 'dark' ? dark : light).map(({ text, ground, ratio, ...hex }) => {
      const own = (scheme === 'dark' ? dark : light)[text] === undefined ? ground : text;
      const pair = `${text} ${hex.textColour} on ${ground} ${hex.groundColour}`;
      const message = `${pair} has a contrast of ${contrastText(ratio)}; text needs ${contrastMin}:1`;
      return { path: ['colours', ...(scheme === 'dark' ? ['dark'] : []), own], message };
    }),
  );
}

function textFaults({ texts = {} }: Appearance): Fault[] {
  return Object.entries(texts).flatMap(([language, phrases]) =>
    Object.entries(phrases).flatMap(([key, own]) =>
      // Parsed: the keys are languages of ours.
      phraseFaults(language as Language, key, own).map((message) => {
        return { path: ['texts', language, key], message };
      }),
    ),
  );
}

function phraseFaults(language: Language, key: string, own: Phrase): string[] {
  const original = phrasesOf(language).get(key);
  if (original === undefined || !isOwnTextKey(key)) {
    return ['there is no such text on the pages of a sale'];
  }
  const known = new Set([original, phrasesOf('en').get(key) ?? ''].flatMap(valuesIn));
  const foreign = valuesIn(own).filter((name) => !known.has(name));
  return [
    ...formFaults(language, original, own),
    ...[...new Set(foreign)].map((name) => {
      const list = [...known].map((one) => `{${one}}`).join(', ');
      return `{${name}} is not in the original, which has ${list === '' ? 'no values' : list}`;
    }),
    ...(textsIn(own).some((text) => /\p{Cc}/u.test(text)) ? ['holds control characters'] : []),
  ];
}

/** A text for a text; where ours has one for each plural category, so has the shop's. */
function formFaults(language: Language, original: Phrase, own: Phrase): string[] {
  if (typeof original === 'string') {
    return typeof own === 'string' ? [] : ['must be one text, as the original is'];
  }
  const { pluralCategories } = new Intl.PluralRules(language).resolvedOptions();
  const list = pluralCategories.join(', ');
  if (typeof own === 'string') return [`must have a text for each plural category: ${list}`];
  const names = Object.keys(own);
  const foreign = names.filter((name) => !pluralCategories.some((one) => one === name));
  return [
    ...foreign.map((name) => `${name} is no plural category of this language: it has ${list}`),
    ...(names.includes('other') ? [] : ['must have a text for `other`']),
  ];
}

function textsIn(phrase: Phrase): string[] {
  return typeof phrase === 'string' ? [phrase] : Object.values(phrase);
}

function valuesIn(phrase: Phrase): string[] {
  return textsIn(phrase).flatMap((text) =>
    [...text.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name),
  );
}
