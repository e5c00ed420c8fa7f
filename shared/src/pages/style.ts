import { cspHash } from './asset.ts';

/** A style sheet that stands in its page, with the hash by which the page's policy allows it. */
export type Style = { css: string; hash: string };

export function inlineStyle(css: string): Style {
  const short = css.replace(/\s*\n\s*/g, '');
  return { css: short, hash: cspHash(short) };
}
