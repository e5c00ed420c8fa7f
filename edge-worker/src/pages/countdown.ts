import type { PublicSale } from '@fairgate/shared/sale.ts';
import { html } from 'hono/html';
import type { Html } from './layout.ts';
import { countdownWords } from './words.ts';

/** Shown once the script keeps it going: standing still it would soon be wrong. */
export function countdownFigure(
  until: string,
  { serverTime }: Pick<PublicSale, 'serverTime'>,
): Html {
  return html`<p class="figure" data-countdown="${until}" hidden>${countdownWords(until, serverTime)}</p>`;
}
