import type { PublicSale } from '@fairgate/shared/sale.ts';
import { html } from 'hono/html';
import { asksChallenge } from '../domain/challenge.ts';
import type { Html } from './layout.ts';

/** What the page's script does, and no form can: making a key, solving a challenge. */
const needsScript = html`<noscript><p class="notice notice-bad">This sale needs JavaScript.
Please switch it on, and come back to this page.</p></noscript>`;

/** Posted, or taken by the script out of the address's fragment: a pass is in no query. */
const passField = html`<details class="pass"><summary>I have a pass</summary>
<label>Pass <input name="pass" autocomplete="off" spellcheck="false" maxlength="500"></label></details>`;

const loginNote = html`<p class="muted">This sale asks for the shop’s login: sign in there, and come
back by its link.</p>`;

/** Forms work without a script; `data-form` is what the script takes over. */
export function joinForm(sale: PublicSale): Html {
  return html`<form method="post" action="/sales/${sale.id}/join" data-form="join">
${sale.identity?.required ? loginNote : ''}${passField}
<button>Join the line</button></form>${
    sale.bindTokens === 'required' || asksChallenge(sale) ? needsScript : ''
  }`;
}

/** For whoever stands in the main lane already. */
export function passForm(sale: PublicSale): Html {
  return html`<form method="post" action="/sales/${sale.id}/join" data-form="join">
${passField}<button class="button-quiet">Use the pass</button></form>`;
}

export function buyForm(sale: PublicSale): Html {
  return html`<form method="post" action="/sales/${sale.id}/buy" data-form="buy">
<button>Go to the checkout</button></form>${asksChallenge(sale, 'token') ? needsScript : ''}`;
}

export function leaveForm(sale: PublicSale): Html {
  return html`<form method="post" action="/sales/${sale.id}/leave" data-form="leave">
<button class="button-quiet">Leave the line</button></form>`;
}
