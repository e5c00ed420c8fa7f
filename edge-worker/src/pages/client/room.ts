import type { Phrase } from '@fairgate/shared/words/phrase.ts';
import { type Voice, voiceOf } from '@fairgate/shared/words/voice.ts';
import type { SalePhraseKey } from '../phrases.ts';

/** The page of a sale as its script sees it: what the server wrote into it. */

export type Parts = {
  tells: string;
  refusals: string;
  challenge: string;
  pow: string;
  timer: string;
  vapidKey: string | null;
};

const dataOf = (id: string) => JSON.parse(document.getElementById(id)?.textContent || '{}');

const phrases: Partial<Record<string, Phrase>> = dataOf('phrases');
export const parts: Parts = dataOf('parts');

export const language = document.documentElement.lang;
export const voice: Voice<SalePhraseKey> = voiceOf<SalePhraseKey>(language, (key) => phrases[key]);

/** Always asked for anew: the page is fetched again when its state has changed. */
export const room = (): HTMLElement => document.getElementById('room') as HTMLElement;

/** Data of the room, by name; `''` where there is none. */
export const told = (name: string): string => room().dataset[name] ?? '';

export const saleId = told('sale');
export const saleName = told('name');

export const field = (name: string): HTMLElement | null =>
  room().querySelector<HTMLElement>(`[data-field="${name}"]`);

/** Puts a text into a field where it is another one: what has not changed is left alone. */
export const put = (name: string, text: string): void => {
  const element = field(name);
  if (element && element.textContent !== text) element.textContent = text;
};

export const showField = (name: string, isShown: boolean): void => {
  const element = field(name);
  if (element) element.hidden = !isShown;
};

export const isInPlay = (state: string): boolean =>
  ['lobby', 'waiting', 'admitted', 'issued'].includes(state);
export const isTurn = (state: string): boolean => state === 'admitted' || state === 'issued';

/** What went wrong with something that the shopper did. */
export const say = (text: string): void => {
  const said = document.getElementById('said');
  // Set again, the same words would be read again.
  if (!said || said.textContent === text) return;
  said.textContent = text;
  said.hidden = text === '';
};

/** The ways in which a shopper is told when they look elsewhere. */
export const tellNames = ['sound', 'vibrate', 'notify', 'awake', 'push'] as const;
export type TellName = (typeof tellNames)[number];
/** Push is of a place; the others are of this browser. */
export const tellKey = (name: TellName): string =>
  `fairgate-tell-${name}${name === 'push' ? `-${saleId}` : ''}`;

/** Of which place the shopper is to be mailed: its own number, never the address. */
export const mailedKey = `fairgate-mail-${saleId}`;

/** Storage that may be barred, or full: then nothing is remembered. */
export const remembered = (key: string): string | null => {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
};
export const remember = (key: string, value: string): void => {
  try {
    localStorage.setItem(key, value);
  } catch {
    // It lasts until the page is left.
  }
};
