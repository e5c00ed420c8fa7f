import type { Html } from '@fairgate/shared/pages/frame.ts';
import { inlineStyle, type Style } from '@fairgate/shared/pages/style.ts';
import type { OwnTexts } from '@fairgate/shared/words/speech.ts';
import { edgeCss } from './style.ts';

/** How a shop has its sale look: what differs from Fairgate's own. */
export type Look = {
  styles: readonly Style[];
  texts: OwnTexts;
  brand: Html | undefined;
  /** The shop's own piece of HTML, cleaned. */
  block: Html | '';
};

const edgeStyle = inlineStyle(edgeCss);

export const plainLook: Look = { styles: [edgeStyle], texts: {}, brand: undefined, block: '' };
