import type { Speech } from '@fairgate/shared/words/speech.ts';
import { type Refusal, troubleOf } from '@fairgate/shared/words/trouble.ts';
import { html } from 'hono/html';
import { type EdgePage, edgePage } from './edge-page.ts';

/** The page comes anew by sending its form again; the browser does not say where its forms come from. */
export type MoreToTell = 'trouble.resend' | 'trouble.oldBrowser';

export type Refused = Refusal & {
  requestId: string;
  address: string | null;
  /** Without a script it comes again by itself; null where that would change nothing. */
  refreshSeconds: number | null;
  /** Whoever is at the checkout has more than a place to lose. */
  isOfCheckout?: boolean;
  /** What else is to be said in this case. */
  more?: MoreToTell | undefined;
};

/** What a browser is shown where an API client gets a problem document. */
export function errorPage(speech: Speech, refused: Refused): EdgePage {
  const { slug, isOfCheckout = false, more, ...rest } = refused;
  const { title, text } = troubleOf(refused);
  // A form solves no challenge.
  if (slug === 'challenge-required') {
    const needed = speech.say('join.needsScript');
    return toldPage(speech, { ...rest, title: speech.say(title), text: needed });
  }
  return toldPage(speech, {
    ...rest,
    title: speech.say(title),
    text: speech.say(isOfCheckout && slug === 'unavailable' ? 'mistake.away' : text),
    ...(more === undefined ? {} : { more: speech.say(more) }),
  });
}

type Told = {
  title: string;
  text: string;
  more?: string;
  requestId: string;
  address: string | null;
  refreshSeconds: number | null;
};

/** One thing to tell, and the way back. */
export function toldPage(speech: Speech, told: Told): EdgePage {
  const { title, text, more, requestId, address, refreshSeconds } = told;
  return edgePage({
    speech,
    title,
    refreshSeconds,
    script: null,
    address,
    isPrivate: true,
    main: html`<section class="card"><h1>${title}</h1><p>${text}</p>
${more === undefined ? '' : html`<p>${more}</p>`}<p class="row"><a class="button" href="/">${speech.say('common.allSales')}</a>${
      address === null
        ? ''
        : html`<a class="button button-quiet" href="${address}">${speech.say('common.tryAgain')}</a>`
    }</p>
<p class="muted small">${speech.say('common.request', { id: requestId })}</p></section>`,
  });
}
