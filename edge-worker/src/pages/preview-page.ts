import { isoTime } from '@fairgate/shared/clock.ts';
import { type PreviewState, previewStates } from '@fairgate/shared/preview/preview.ts';
import type { PublicSale } from '@fairgate/shared/sale.ts';
import { html } from 'hono/html';
import type { Shown } from '../domain/preview.ts';
import type { Assets } from './assets.ts';
import { type Html, layout } from './layout.ts';
import { saleMain } from './sale-page.ts';
import { timeWords } from './words.ts';

/** What the bar calls them. */
const names: Record<PreviewState, string> = {
  scheduled: 'Coming',
  lobby: 'Waiting room',
  'lobby-joined': 'In the waiting room',
  open: 'Open',
  challenge: 'Challenge',
  'waiting-far': 'Far back',
  'waiting-near': 'Near the front',
  admitted: 'Admitted',
  done: 'Ordered',
  expired: 'Expired',
  left: 'Left',
  paused: 'Paused',
  sold_out: 'Sold out',
  closed: 'Ended',
};

type PreviewShown = Shown & { state: PreviewState; expiresAt: number };

/** The sale's page under a bar that says what it is; no script, and nothing in it can be sent. */
export function previewPage(assets: Assets, shown: PreviewShown): Html {
  const { sale, place, state } = shown;
  return layout(assets, {
    title: `Preview (${names[state]}) · ${sale.name}`,
    refreshSeconds: null,
    script: null,
    main: html`${bar(shown)}
<fieldset class="preview" disabled data-preview="${state}">
${state === 'challenge' ? challengeBox(sale) : ''}${saleMain(sale, place, null)}</fieldset>`,
  });
}

function bar({ sale, state, expiresAt }: PreviewShown): Html {
  const at = previewStates.indexOf(state);
  const step = (to: PreviewState | undefined, rel: 'prev' | 'next', words: string) =>
    to === undefined ? html`<span></span>` : html`<a href="?state=${to}" rel="${rel}">${words}</a>`;
  const until = isoTime(expiresAt);
  return html`<aside class="card preview-bar" aria-label="Preview">
<p><strong>Preview: this is not the sale.</strong> Nobody joins here, and nothing is counted. Figures of
people are made up; products and settings are those of “${sale.name}” when the link was made. It works
until <time datetime="${until}">${timeWords(until)}</time>.</p>
<nav aria-label="States of the page"><ul>${previewStates.map(
    (one) =>
      html`<li><a href="?state=${one}"${one === state ? html` aria-current="page"` : ''}>${names[one]}</a></li>`,
  )}</ul>
<p class="steps">${step(previewStates[at - 1], 'prev', '← Before')}
${step(previewStates[at + 1], 'next', 'Next →')}</p></nav></aside>`;
}

/** As client/challenge.browser.js shows it, while it works. */
function challengeBox({ challenge }: PublicSale): Html {
  const none =
    challenge === 'none'
      ? html`<p class="notice">This sale asks for no challenge; with ALTCHA it would look like this.</p>`
      : '';
  const work =
    challenge === 'turnstile'
      ? html`<p class="notice">Turnstile’s widget stands here.</p>`
      : html`<progress max="100" value="40" aria-label="Progress of the check"></progress>`;
  return html`${none}<section class="card place" id="check">
<p role="status">Checking your browser. This takes a few seconds; you need not do anything.</p>${work}</section>`;
}
