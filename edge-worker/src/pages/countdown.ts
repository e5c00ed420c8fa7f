import type { Html } from '@fairgate/shared/pages/frame.ts';
import type { Speech } from '@fairgate/shared/words/speech.ts';
import { html } from 'hono/html';
import { countdownText } from './countdown-text.ts';

/** Kept going by the script. Where none runs it is not shown (style.ts): it would soon be wrong. */
export function countdownFigure(speech: Speech, untilIso: string, nowIso: string): Html {
  const text = countdownText(Date.parse(untilIso) - Date.parse(nowIso), speech.duration);
  return html`<p class="figure" role="timer" aria-live="off" data-countdown="${untilIso}">${text}</p>`;
}
