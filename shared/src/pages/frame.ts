import { html, raw } from 'hono/html';
import type { HtmlEscapedString } from 'hono/utils/html';
import { type Language, languageNames, languages } from '../words/languages.ts';
import type { Phrase, Values } from '../words/phrase.ts';
import type { Speech } from '../words/speech.ts';
import type { WordKey } from '../words/texts.ts';
import type { Style } from './style.ts';

export type Html = HtmlEscapedString | Promise<HtmlEscapedString>;

export type FramedPage = {
  speech: Speech;
  title: string;
  /** The page's own sheet first, then the shop's. */
  styles: readonly Style[];
  /** The address of its module script; null where it has none. */
  script: string | null;
  /** What the script says, by key. */
  phrases?: Record<string, Phrase>;
  /** Without a script the page comes anew after so many seconds; null where it need not. */
  refreshSeconds: number | null;
  /** Where the page is had in another language, without `lang`; null: no switch. */
  address: string | null;
  /** Instead of the name: the shop's logo. */
  brand?: Html;
  /** Search engines stay out. */
  isPrivate?: boolean;
  main: Html;
};

/**
 * The frame of every page of shoppers: one answer holds all that the first paint needs. Nothing is
 * loaded from elsewhere, and no script is inline: the block of phrases is data, and runs nowhere.
 */
export function framedPage(page: FramedPage): Html {
  const { speech, script, refreshSeconds } = page;
  return html`<!doctype html>
<html lang="${speech.language}" dir="${speech.direction}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
${page.isPrivate ? raw('<meta name="robots" content="noindex">') : ''}<title>${page.title}</title>
<link rel="icon" href="data:,">
${page.styles.map(({ css }) => raw(`<style>${css}</style>`))}
${
  refreshSeconds === null
    ? ''
    : html`<noscript><meta http-equiv="refresh" content="${refreshSeconds}"></noscript>`
}${script === null ? '' : html`<script type="module" src="${script}"></script>`}
</head>
<body>
<a class="skip" href="#main">${speech.say('common.skip')}</a>
<header class="wrap bar"><a href="/">${page.brand ?? 'Fairgate'}</a></header>
<main class="wrap" id="main" tabindex="-1">${page.main}</main>
${page.address === null ? '' : languageSwitch(speech, page.address)}
${page.phrases === undefined ? '' : dataBlock('phrases', page.phrases)}
</body>
</html>`;
}

/** Data for the script; `<` cannot end the block early. */
export function dataBlock(id: string, data: unknown): Html {
  const json = JSON.stringify(data).replaceAll('<', '\\u003c');
  return html`<script type="application/json" id="${id}">${raw(json)}</script>`;
}

function languageSwitch(speech: Speech, address: string): Html {
  const joint = address.includes('?') ? '&' : '?';
  const item = (language: Language) =>
    html`<li><a href="${address}${joint}lang=${language}" lang="${language}"${
      language === speech.language ? raw(' aria-current="true"') : ''
    }>${languageNames[language]}</a></li>`;
  return html`<footer class="wrap foot"><details><summary>${speech.say('common.language')}:
${languageNames[speech.language]}</summary><ul class="tongues">${languages.map(item)}</ul></details></footer>`;
}

/** Stands for a piece of HTML while a phrase is filled; no text of ours holds it. */
const gap = '\u0001';

/** A phrase with a piece of HTML as its value `name`, wherever the language puts it. */
export function around(
  speech: Speech,
  key: WordKey,
  { name, piece, values = {} }: { name: string; piece: Html; values?: Values },
): Html {
  const [before = '', after = ''] = speech.say(key, { ...values, [name]: gap }).split(gap);
  return html`${before}${piece}${after}`;
}

/** A time as its page shows it without a script: in UTC, named so. The script puts it into the shopper's zone. */
export function timeElement(speech: Speech, iso: string): Html {
  return html`<time datetime="${iso}">${speech.dateTime(iso, 'UTC')} UTC</time>`;
}
