import type { Phrase } from '@fairgate/shared/words/phrase.ts';
import { type Voice, voiceOf } from '@fairgate/shared/words/voice.ts';

// What is on the page, and what is said on it.

export const byId = (id: string): HTMLElement | null => document.getElementById(id);

/** The page's language, and the phrases that it came with. */
export function pageVoice<Key extends string>(): Voice<Key> {
  const phrases: Record<string, Phrase> = JSON.parse(byId('phrases')?.textContent ?? '{}');
  return voiceOf<Key>(document.documentElement.lang, (key) => phrases[key]);
}

/** Shows a text in an element, which is gone while the text is empty; live regions tell of it. */
export function show(id: string, text: string): void {
  const element = byId(id);
  if (element && element.textContent !== text) element.textContent = text;
}

/** Told to a screen reader alone, politely. */
export const announce = (text: string): void => show('said', text);

/** A button that is at work is pressed in vain, but keeps the focus. */
export const isBusy = (button: Element): boolean => button.getAttribute('aria-disabled') === 'true';
export const setBusy = (button: Element, isAtWork: boolean): void =>
  button.setAttribute('aria-disabled', String(isAtWork));

let offsetMs = 0;

/** By the server's clock: what a device thinks of the time may be hours off. */
export const serverNow = (): number => Date.now() + offsetMs;

/** ISO 8601, or an HTTP date. */
export function learnTime(serverTime: string): void {
  const at = Date.parse(serverTime);
  if (!Number.isNaN(at)) offsetMs = at - Date.now();
}

/** Times in the shopper's own zone; what is counted down is left alone. */
export function localTimes(root: ParentNode, voice: Voice): void {
  for (const time of root.querySelectorAll<HTMLTimeElement>('time[datetime]')) {
    if (!('countdown' in time.dataset)) time.textContent = voice.dateTime(time.dateTime);
  }
}
