import { type FramedPage, framedPage, type Html } from '@fairgate/shared/pages/frame.ts';
import { contentPolicy, type Foreign, showOnlyPolicy } from '@fairgate/shared/pages/policy.ts';
import type { Phrase } from '@fairgate/shared/words/phrase.ts';
import type { Speech } from '@fairgate/shared/words/speech.ts';
import { html } from 'hono/html';
import { type Look, lookOf } from './look.ts';

/** A page, and what it may load. */
export type Shown = { page: Html; policy: string };

export type Parts = Pick<FramedPage, 'title' | 'main' | 'address'> & {
  look: Look;
  script: string | null;
  phrases?: Record<string, Phrase>;
  refreshSeconds?: number | null;
  foreign?: Foreign;
};

/** Every page of the checkout: for one shopper, out of search engines, its style by its hash. */
export function shownPage(parts: Parts): Shown {
  const { look, title, main, address, script, phrases, refreshSeconds = null, foreign } = parts;
  const { speech, styles, brand } = look;
  const page = framedPage({
    ...{ speech, title, styles, script, refreshSeconds, address, main, isPrivate: true },
    ...(phrases === undefined ? {} : { phrases }),
    ...(brand === null ? {} : { brand }),
  });
  return { page, policy: contentPolicy(styles, foreign) };
}

/**
 * What the script has to say, politely: at the lower edge of the window, after everything else, so
 * that nothing moves under a reader's cursor.
 */
export function liveNotes(): Html {
  return html`<div class="notes"><div id="connection" class="notice" role="status"></div>
<div id="soon" class="notice notice-warn" role="status"></div></div>
<div id="said" class="unseen" role="status"></div>`;
}

/** A bare message, with a way on. */
export function messagePage(
  speech: Speech,
  message: { title: string; text: string; link?: { href: string; label: string } },
): Shown {
  const { title, text, link } = message;
  const look = lookOf(speech.language, null);
  const main = html`<section class="card stack"><h1>${title}</h1>
<p>${text}</p>
${link ? html`<p><a class="button" href="${link.href}">${link.label}</a></p>` : ''}</section>`;
  const { page } = shownPage({ look, title, main, address: null, script: null });
  return { page, policy: showOnlyPolicy(look.styles) };
}
