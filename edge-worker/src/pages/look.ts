import { type Appearance, appearanceCss, ownHtml, ownTexts } from '@fairgate/shared/appearance.ts';
import type { Html } from '@fairgate/shared/pages/frame.ts';
import { inlineStyle, type Style } from '@fairgate/shared/pages/style.ts';
import { directionOf, type Language } from '@fairgate/shared/words/languages.ts';
import { type Speech, speechIn } from '@fairgate/shared/words/speech.ts';
import { html, raw } from 'hono/html';
import { edgeCss } from './style.ts';

/** How a sale's pages look and speak: as the shop has it, and as Fairgate does for the rest. */
export type Look = {
  styles: readonly Style[];
  brand: Html | undefined;
  /** The shop's own piece of HTML, which was cleaned when it was written. */
  block: Html | '';
};

/** A look with the speech that goes with it. */
export type Dressed = { speech: Speech; look: Look };

const edgeStyle = inlineStyle(edgeCss);

export const plainLook: Look = { styles: [edgeStyle], brand: undefined, block: '' };

/** Made once for each appearance that is held, and for each language. */
const made = new WeakMap<Appearance, Map<Language, Dressed>>();

export function dressed(appearance: Appearance | null, language: Language): Dressed {
  if (appearance === null) return { speech: speechIn(language), look: plainLook };
  const byLanguage = made.get(appearance) ?? new Map<Language, Dressed>();
  made.set(appearance, byLanguage);
  const before = byLanguage.get(language);
  if (before !== undefined) return before;
  const one = {
    speech: speechIn(language, ownTexts(appearance, language)),
    look: lookOf(appearance, language),
  };
  byLanguage.set(language, one);
  return one;
}

function lookOf(appearance: Appearance, language: Language): Look {
  const css = appearanceCss(appearance);
  const { logoUrl, logoAlt } = appearance;
  const own = ownHtml(appearance, language);
  return {
    styles: css === '' ? [edgeStyle] : [edgeStyle, inlineStyle(css)],
    brand: logoUrl === undefined ? undefined : html`<img src="${logoUrl}" alt="${logoAlt ?? ''}">`,
    block: own === null ? '' : ownBlock(own, language),
  };
}

/** In another language than the page's, it says so. */
function ownBlock(
  { html: text, language: own }: { html: string; language: Language | null },
  language: Language,
): Html {
  if (own === null || own === language) return html`<div>${raw(text)}</div>`;
  return html`<div lang="${own}" dir="${directionOf(own)}">${raw(text)}</div>`;
}
