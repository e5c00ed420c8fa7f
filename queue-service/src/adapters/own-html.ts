import sanitizeHtml from 'sanitize-html';
import type { CleanHtml } from '../app/appearance-ports.ts';

/** What a block of a shop's own may consist of. The page has the only `h1`, and all the style. */
const allowedAttributes: Record<string, string[]> = {
  h2: [],
  h3: [],
  h4: [],
  p: [],
  br: [],
  strong: [],
  em: [],
  ul: [],
  ol: [],
  li: [],
  blockquote: [],
  a: ['href', 'rel'],
  img: ['src', 'alt', 'width', 'height', 'loading', 'decoding'],
  table: [],
  caption: [],
  thead: [],
  tbody: [],
  tr: [],
  th: ['scope'],
  td: [],
};
/** Said otherwise, and nothing lost. */
const sameAs: Record<string, string> = { b: 'strong', i: 'em' };

/** Deeper than a table in a quote in a list; a browser closes what is nested without end. */
const depthMax = 20;
/** It has become stable by then. */
const passesMax = 5;
/** As many are told of. */
const removedMax = 20;
/** Pixels: beyond, the image is as wide as its column anyway. */
const pixelsMax = 4_000;

/**
 * Takes out of a block of HTML what is not allowed in it, and closes what was left open: the result
 * stands anywhere in a page and does nothing. Cleaned again, it stays as it is.
 */
export const cleanHtml: CleanHtml = (html) => {
  const removed = new Set<string>();
  if (/<[!?]/.test(html)) removed.add('comments and declarations');
  let cleaned = cleanOnce(html, removed);
  // A link within a link, with what stood between them taken out, is two links only when read again.
  for (let pass = 1; pass < passesMax; pass += 1) {
    const again = cleanOnce(cleaned, removed);
    if (again === cleaned) break;
    cleaned = again;
  }
  return { html: cleaned, removed: [...removed].slice(0, removedMax) };
};

function cleanOnce(html: string, removed: Set<string>): string {
  const cleaned = sanitizeHtml(html, {
    allowedTags: Object.keys(allowedAttributes),
    allowedAttributes,
    allowedSchemes: ['https', 'mailto'],
    allowedSchemesByTag: { img: ['https'] },
    allowProtocolRelative: false,
    nonTextTags: [...textless],
    nestingLimit: depthMax,
    onOpenTag: (name, attributes) => {
      for (const one of foreignIn(name, attributes)) removed.add(one);
    },
    transformTags: { ...sameAs, a: linkOf, img: imageOf },
    exclusiveFilter: ({ tag, attribs }) => {
      if (tag === 'a' && !attribs.href) {
        removed.add('<a> without an address by https or mailto');
        return 'excludeTag';
      }
      if (tag !== 'img' || (attribs.src && attribs.alt !== undefined)) return false;
      removed.add('<img> without an https address and an alternative text');
      return true;
    },
  });
  return cleaned.trim();
}

/** Their contents are no text for shoppers, and go with them. */
const textless = [
  'script',
  'style',
  'textarea',
  'option',
  'xmp',
  'noscript',
  'template',
  'title',
  'noembed',
  'noframes',
  'plaintext',
  'iframe',
  'object',
  'svg',
  'math',
];

function foreignIn(name: string, attributes: Record<string, string>): string[] {
  const allowed = allowedAttributes[sameAs[name] ?? name];
  if (allowed === undefined) return [`<${name.slice(0, 30)}>`];
  const foreign = Object.keys(attributes).filter((one) => !allowed.includes(one));
  return foreign.map((one) => `${one.slice(0, 30)} of <${name}>`);
}

type Attributes = Record<string, string>;

/** What a link leads to learns nothing of the page, and search engines do not follow it. */
function linkOf(tagName: string, { href }: Attributes) {
  const address = addressOf(href, ['https:', 'mailto:']);
  const attribs: Attributes = address === null ? {} : { href: address, rel: 'noopener nofollow' };
  return { tagName, attribs };
}

function imageOf(tagName: string, { src, alt, width, height }: Attributes) {
  const address = addressOf(src, ['https:']);
  const attribs: Attributes = {
    ...(address === null ? {} : { src: address }),
    ...(alt === undefined ? {} : { alt }),
    ...pixels('width', width),
    ...pixels('height', height),
    loading: 'lazy',
    decoding: 'async',
  };
  return { tagName, attribs };
}

/** Read as a browser reads it: what it calls a scheme decides, whatever it is hidden behind. */
function addressOf(text: string | undefined, protocols: string[]): string | null {
  if (text === undefined || !URL.canParse(text)) return null;
  const { protocol, username, password, href } = new URL(text);
  return protocols.includes(protocol) && username === '' && password === '' ? href : null;
}

function pixels(name: 'width' | 'height', text: string | undefined): Attributes {
  const isSize = /^[1-9]\d{0,3}$/.test(text ?? '') && Number(text) <= pixelsMax;
  return isSize ? { [name]: text ?? '' } : {};
}
