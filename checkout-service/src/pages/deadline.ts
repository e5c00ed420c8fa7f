import type { Html } from '@fairgate/shared/pages/frame.ts';
import type { Speech } from '@fairgate/shared/words/speech.ts';
import { html } from 'hono/html';

/**
 * A time of day for people whose browser runs no script; the script makes a countdown of it. With an
 * empty `iso` nothing is known yet, and there is room for it.
 */
export function deadline(speech: Speech, iso: string, id: string): Html {
  const time = iso === '' ? '' : `${speech.clock(iso, 'UTC')} UTC`;
  const text = time === '' ? '0:00' : speech.say('checkout.until', { time });
  return html`<time id="${id}" datetime="${iso}" data-countdown>${text}</time>`;
}
