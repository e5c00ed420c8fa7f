import { type Appearance, appearanceCss, ownTexts } from '@fairgate/shared/appearance.ts';
import type { Html } from '@fairgate/shared/pages/frame.ts';
import { inlineStyle, type Style } from '@fairgate/shared/pages/style.ts';
import type { Language } from '@fairgate/shared/words/languages.ts';
import { type Speech, speechIn } from '@fairgate/shared/words/speech.ts';
import { html } from 'hono/html';
import type { SaleOffer } from '../app/ports.ts';
import { checkoutStyle } from './style.ts';

/** How the pages of a sale speak and look: as the shop has it, and as Fairgate does for the rest. */
export type Look = { speech: Speech; styles: readonly Style[]; brand: Html | null };

/** Made once for each appearance that is held, and for each language. */
const made = new WeakMap<Appearance, Map<Language, Look>>();

/** `sale`: null where a page is of none, or of one that is gone. */
export function lookOf(language: Language, sale: SaleOffer | null): Look {
  const appearance = sale?.appearance ?? null;
  if (sale === null || appearance === null) {
    return { speech: speechIn(language), styles: [checkoutStyle], brand: null };
  }
  const byLanguage = made.get(appearance) ?? new Map<Language, Look>();
  made.set(appearance, byLanguage);
  const look = byLanguage.get(language) ?? ownLook(language, sale.name, appearance);
  byLanguage.set(language, look);
  return look;
}

function ownLook(language: Language, name: string, appearance: Appearance): Look {
  const css = appearanceCss(appearance);
  const { logoUrl, logoAlt } = appearance;
  return {
    speech: speechIn(language, ownTexts(appearance, language)),
    styles: css === '' ? [checkoutStyle] : [checkoutStyle, inlineStyle(css)],
    // It is all that the link home holds, so that it has to be read as something.
    brand: logoUrl === undefined ? null : html`<img src="${logoUrl}" alt="${logoAlt || name}">`,
  };
}
