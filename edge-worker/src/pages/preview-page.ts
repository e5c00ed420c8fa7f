import { isoTime } from '@fairgate/shared/clock.ts';
import { type Html, timeElement } from '@fairgate/shared/pages/frame.ts';
import { inlineStyle } from '@fairgate/shared/pages/style.ts';
import { type PreviewState, previewStates } from '@fairgate/shared/preview/preview.ts';
import type { PublicSale } from '@fairgate/shared/sale.ts';
import type { Speech } from '@fairgate/shared/words/speech.ts';
import { html } from 'hono/html';
import type { Shown } from '../domain/preview.ts';
import { type EdgePage, edgePage } from './edge-page.ts';
import type { Look } from './look.ts';
import { saleMain } from './sale-page.ts';
import { previewCss } from './style.ts';

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

type PreviewShown = Shown & {
  id: string;
  state: PreviewState;
  expiresAt: number;
  speech: Speech;
  look: Look;
};

const previewStyle = inlineStyle(previewCss);

/** The sale's page under a bar that says what it is; no script, and nothing in it can be sent. */
export function previewPage(shown: PreviewShown): EdgePage {
  const { sale, state, speech, look, id } = shown;
  return edgePage({
    speech,
    look: { ...look, styles: [...look.styles, previewStyle] },
    kind: 'shows',
    isPrivate: true,
    title: speech.say('preview.title', { state: names[state], sale: sale.name }),
    refreshSeconds: null,
    script: null,
    address: `/preview/${id}?state=${state}`,
    main: html`${bar(shown)}
<fieldset class="preview" disabled data-preview="${state}">
${state === 'challenge' ? challengeBox(speech, sale) : ''}${saleMain({ ...shown, ticketHash: null })}</fieldset>`,
  });
}

/** For admins: in English, as the console is. */
function bar({ sale, state, expiresAt, speech }: PreviewShown): Html {
  const at = previewStates.indexOf(state);
  const step = (to: PreviewState | undefined, rel: 'prev' | 'next', words: string) =>
    to === undefined
      ? html`<span></span>`
      : html`<a href="?state=${to}&amp;lang=${speech.language}" rel="${rel}">${words}</a>`;
  const until = isoTime(expiresAt);
  return html`<aside class="card preview-bar" aria-label="Preview" lang="en" dir="ltr">
<p><strong>Preview: this is not the sale.</strong> Nobody joins here, and nothing is counted. Figures of
people are made up; products and settings are those of “${sale.name}” when the link was made. It works
until ${timeElement(speech, until)}.</p>
<nav aria-label="States of the page"><ul>${previewStates.map(
    (one) =>
      html`<li><a href="?state=${one}&amp;lang=${speech.language}"${one === state ? html` aria-current="page"` : ''}>${names[one]}</a></li>`,
  )}</ul>
<p class="steps">${step(previewStates[at - 1], 'prev', '← Before')}
${step(previewStates[at + 1], 'next', 'Next →')}</p></nav></aside>`;
}

/** As client/challenge.ts shows it, while it works. */
function challengeBox(speech: Speech, { challenge }: PublicSale): Html {
  const none =
    challenge === 'none'
      ? html`<p class="notice">This sale asks for no challenge; with ALTCHA it would look like this.</p>`
      : '';
  const work =
    challenge === 'turnstile'
      ? html`<p class="notice">Turnstile’s widget stands here.</p>`
      : html`<progress max="100" value="40" aria-label="${speech.say('live.checkProgress')}"></progress>`;
  return html`${none}<section class="card place" id="check">
<p role="status">${speech.say('live.checking')}</p>${work}</section>`;
}
