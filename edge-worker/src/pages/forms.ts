import type { Html } from '@fairgate/shared/pages/frame.ts';
import type { PublicSale } from '@fairgate/shared/sale.ts';
import type { Speech } from '@fairgate/shared/words/speech.ts';
import { html } from 'hono/html';
import { asksChallenge } from '../domain/challenge.ts';

/** What the page's script does, and no form can: making a key, solving a challenge. */
function needsScript(speech: Speech): Html {
  return html`<noscript><p class="notice notice-bad">${speech.say('join.needsScript')}</p></noscript>`;
}

/** Posted, or taken by the script out of the address's fragment: a pass is in no query. */
function passField(speech: Speech): Html {
  return html`<details class="pass"><summary>${speech.say('join.pass')}</summary>
<label class="field"><span>${speech.say('join.passLabel')}</span>
<input name="pass" autocomplete="off" spellcheck="false" maxlength="500"></label></details>`;
}

function emailField(speech: Speech): Html {
  return html`<details class="pass"><summary>${speech.say('tell.title')}</summary>
<label class="field"><span>${speech.say('join.emailLabel')}</span>
<input type="email" name="email" autocomplete="email" maxlength="254"></label>
<p class="muted">${speech.say('join.emailHint')}</p></details>`;
}

/** Forms work without a script; `data-form` is what the script takes over. */
export function joinForm(speech: Speech, sale: PublicSale): Html {
  const login = html`<p class="muted">${speech.say('join.login')}</p>`;
  const isScripted = sale.bindTokens === 'required' || asksChallenge(sale);
  return html`<form method="post" action="/sales/${sale.id}/join" data-form="join">
${sale.identity?.required ? login : ''}<button>${speech.say('join.button')}</button>
${emailField(speech)}${passField(speech)}</form>${isScripted ? needsScript(speech) : ''}`;
}

/** For whoever stands in the main lane already. */
export function passForm(speech: Speech, sale: PublicSale): Html {
  return html`<form method="post" action="/sales/${sale.id}/join" data-form="join" class="quiet">
<details class="pass"><summary>${speech.say('join.pass')}</summary>
<label class="field"><span>${speech.say('join.passLabel')}</span>
<input name="pass" autocomplete="off" spellcheck="false" maxlength="500"></label>
<button class="button-quiet">${speech.say('join.usePass')}</button></details></form>`;
}

export function buyForm(speech: Speech, sale: PublicSale): Html {
  return html`<form method="post" action="/sales/${sale.id}/buy" data-form="buy">
<button>${speech.say('place.toCheckout')}</button></form>${
    asksChallenge(sale, 'token') ? needsScript(speech) : ''
  }`;
}

export function leaveForm(speech: Speech, sale: PublicSale): Html {
  return html`<form method="post" action="/sales/${sale.id}/leave" data-form="leave" class="quiet">
<details class="pass"><summary>${speech.say('place.leave')}</summary>
<p>${speech.say('place.leaveSure')}</p>
<button class="button-quiet">${speech.say('place.leaveYes')}</button></details></form>`;
}
