import type { Html } from '@fairgate/shared/pages/frame.ts';
import { html } from 'hono/html';
import { countdownText } from './countdown-text.ts';

/** Kept going by the script. Where none runs it is not shown (style.ts): it would soon be wrong. */
export function countdownFigure(untilIso: string, nowIso: string): Html {
  const text = countdownText(Date.parse(untilIso) - Date.parse(nowIso));
  return html`<p class="figure" role="timer" aria-live="off" data-countdown="${untilIso}">${text}</p>`;
}
