import type { PublicSale } from '@fairgate/shared/sale.ts';
import { html } from 'hono/html';
import { asksChallenge } from '../domain/challenge.ts';
import type { Html } from './layout.ts';

/** What the page's script does, and no form can: making a key, solving a challenge. */
const needsScript = html`<noscript><p class="notice notice-bad">This sale needs JavaScript.
Please switch it on, and come back to this page.</p></noscript>`;

/** Forms work without a script; `data-form` is what the script takes over. */
export function joinForm(sale: PublicSale): Html {
  return html`<form method="post" action="/sales/${sale.id}/join" data-form="join">
<button>Join the line</button></form>${
    sale.bindTokens === 'required' || asksChallenge(sale) ? needsScript : ''
  }`;
}

export function buyForm(sale: PublicSale): Html {
  return html`<form method="post" action="/sales/${sale.id}/buy" data-form="buy">
<button>Go to the checkout</button></form>${asksChallenge(sale, 'token') ? needsScript : ''}`;
}

export function leaveForm(sale: PublicSale): Html {
  return html`<form method="post" action="/sales/${sale.id}/leave" data-form="leave">
<button class="button-quiet">Leave the line</button></form>`;
}
