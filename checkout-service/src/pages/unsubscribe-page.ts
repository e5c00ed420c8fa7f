import { framedPage, type Html } from '@fairgate/shared/pages/frame.ts';
import { contentPolicy, showOnlyPolicy } from '@fairgate/shared/pages/policy.ts';
import { inlineStyle } from '@fairgate/shared/pages/style.ts';
import { themeCss } from '@fairgate/shared/pages/theme.ts';
import type { Speech } from '@fairgate/shared/words/speech.ts';
import { html } from 'hono/html';

const styles = [inlineStyle(themeCss)];

/**
 * What a link of a mail shows: what it ends (or `again`: begins anew), what is so by now, or that it is none
 * of ours.
 */
export type UnsubscribePage =
  /** `saleName`: null where it is not known any more, or not right now. */
  | { kind: 'asked' | 'asked-again'; saleName: string | null }
  | { kind: 'done' | 'done-again' }
  | { kind: 'unknown' };

/** The page with its content policy; `address`: its own, for the form and the switch of languages. */
export function unsubscribePage(
  speech: Speech,
  address: string,
  shown: UnsubscribePage,
): { page: Html; policy: string } {
  const { title, main } = partsOf(speech, address, shown);
  const isAsked = shown.kind === 'asked' || shown.kind === 'asked-again';
  const page = framedPage({
    speech,
    title,
    styles,
    script: null,
    refreshSeconds: null,
    address: isAsked || shown.kind === 'unknown' ? address : null,
    isPrivate: true,
    main: html`<section class="card stack"><h1>${title}</h1>
${main}</section>`,
  });
  const policy = isAsked ? contentPolicy(styles) : showOnlyPolicy(styles);
  return { page, policy };
}

function partsOf(
  speech: Speech,
  address: string,
  shown: UnsubscribePage,
): { title: string; main: Html } {
  switch (shown.kind) {
    case 'asked':
    case 'asked-again': {
      const { kind, saleName } = shown;
      const [text, button] =
        kind === 'asked'
          ? [speech.say('unsubscribe.text'), speech.say('unsubscribe.button')]
          : [speech.say('unsubscribe.againText'), speech.say('unsubscribe.againButton')];
      const title =
        saleName === null
          ? speech.say('unsubscribe.title')
          : speech.say('unsubscribe.titleOf', { sale: saleName });
      const main = html`<p>${text}</p>
<form method="post" action="${address}">
<button class="button" type="submit">${button}</button></form>`;
      return { title, main };
    }
    case 'done':
      return {
        title: speech.say('unsubscribe.doneTitle'),
        main: html`<p role="status">${speech.say('unsubscribe.doneText')}</p>`,
      };
    case 'done-again':
      return {
        title: speech.say('unsubscribe.againDoneTitle'),
        main: html`<p role="status">${speech.say('unsubscribe.againDoneText')}</p>`,
      };
    case 'unknown':
      return {
        title: speech.say('unsubscribe.unknownTitle'),
        main: html`<p>${speech.say('unsubscribe.unknownText')}</p>`,
      };
  }
}
