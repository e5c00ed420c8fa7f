import type { Html } from '@fairgate/shared/pages/frame.ts';
import type { Speech } from '@fairgate/shared/words/speech.ts';
import type { WordKey } from '@fairgate/shared/words/texts.ts';
import { html } from 'hono/html';

const tells = ['sound', 'vibrate', 'notify', 'awake', 'push'] as const;

/**
 * How somebody wants to be told when it is time: each is asked for, none is on by itself. The
 * script shows of it what the browser can do.
 */
export function tellPanel(speech: Speech): Html {
  const tell = (name: (typeof tells)[number]) =>
    html`<li data-tell="${name}" hidden><label class="check"><input type="checkbox" name="${name}">
<span>${speech.say(`tell.${name}` satisfies WordKey)}</span></label></li>`;
  return html`<details class="tell scripted" id="tell"><summary>${speech.say('tell.title')}</summary>
<ul class="list">${tells.map(tell)}</ul>
<form data-form="email" hidden><label class="field"><span>${speech.say('tell.emailLabel')}</span>
<input type="email" name="email" autocomplete="email" maxlength="254"></label>
<button class="button-quiet">${speech.say('tell.email')}</button></form>
<p role="status" id="told"></p></details>`;
}
