import { framedPage, type Html } from '@fairgate/shared/pages/frame.ts';
import { contentPolicy, showOnlyPolicy } from '@fairgate/shared/pages/policy.ts';
import { inlineStyle } from '@fairgate/shared/pages/style.ts';
import { themeCss } from '@fairgate/shared/pages/theme.ts';
import type { Speech } from '@fairgate/shared/words/speech.ts';
import { html } from 'hono/html';

const styles = [inlineStyle(themeCss)];

/** What a link of a mail shows: what it ends, that it has, or that it is none of ours. */
export type UnsubscribePage =
  /** `saleName`: null where it is not known any more, or not right now. */
  { kind: 'asked'; saleName: string | null } | { kind: 'done' } | { kind: 'unknown' };

/** The page with its content policy; `address`: its own, for the form and the switch of languages. */
export function unsubscribePage(
  speech: Speech,
  address: string,
  shown: UnsubscribePage,
): { page: Html; policy: string } {
  const { title, main } = partsOf(speech, address, shown);
  const page = framedPage({
    speech,
    title,
    styles,
    script: null,
    refreshSeconds: null,
    address: shown.kind === 'done' ? null : address,
    isPrivate: true,
    main: html`<section class="card stack"><h1>${title}</h1>
${main}</section>`,
  });
  const policy = shown.kind === 'asked' ? contentPolicy(styles) : showOnlyPolicy(styles);
  return { page, policy };
}

function partsOf(
  speech: Speech,
  address: string,
  shown: UnsubscribePage,
): { title: string; main: Html } {
  switch (shown.kind) {
    case 'asked': {
      const { saleName } = shown;
      const title =
        saleName === null
          ? speech.say('unsubscribe.title')
          : speech.say('unsubscribe.titleOf', { sale: saleName });
      const main = html`<p>${speech.say('unsubscribe.text')}</p>
<form method="post" action="${address}">
<button class="button" type="submit">${speech.say('unsubscribe.button')}</button></form>`;
      return { title, main };
    }
    case 'done':
      return {
        title: speech.say('unsubscribe.doneTitle'),
        main: html`<p role="status">${speech.say('unsubscribe.doneText')}</p>`,
      };
    case 'unknown':
      return {
        title: speech.say('unsubscribe.unknownTitle'),
        main: html`<p>${speech.say('unsubscribe.unknownText')}</p>`,
      };
  }
}
