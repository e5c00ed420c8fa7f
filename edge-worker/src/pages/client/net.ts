import { announce } from './announcing.ts';
import { serverNow } from './clock.ts';
import { isInPlay, told, voice } from './room.ts';

// What the page says while it cannot know: that it is offline, that we are at fault, that it slept.

let freshMs = serverNow();
let isAway = false;

const banner = (text: string) => {
  const net = document.getElementById('net');
  if (!net) return;
  if (net.textContent !== text) net.textContent = text;
  net.hidden = text === '';
};

/** Figures of this moment are on the page. */
export const isFresh = (atMs: number = serverNow()): void => {
  freshMs = atMs;
  if (isAway && isInPlay(told('place'))) announce(voice.say('live.back'));
  isAway = false;
  banner('');
  const time = document.createElement('time');
  time.textContent = voice.clock(freshMs);
  time.dateTime = new Date(freshMs).toISOString();
  showUpdated(time);
};

/** The sentence around the time is the server's; only the time in it changes. */
let updatedParts: [string, string] | undefined;
const showUpdated = (time: HTMLTimeElement) => {
  const element = document.querySelector('[data-field="updated"]');
  if (element && updatedParts) element.replaceChildren(updatedParts[0], time, updatedParts[1]);
};

/** Takes the sentence apart, each time the page has been made anew. */
export const learnUpdated = (): void => {
  const element = document.querySelector('[data-field="updated"]');
  const time = element?.querySelector('time');
  if (!element || !time) return;
  const [before = '', after = ''] = (element.textContent ?? '').split(time.textContent ?? '');
  updatedParts = [before, after];
};

/** The last answer was none, or a fault of ours: the place is kept, and what is shown has an age. */
export const isLost = (why: 'offline' | 'fault'): void => {
  isAway = true;
  const isOffline = why === 'offline' || navigator.onLine === false;
  const time = voice.clock(freshMs);
  const hasPlace = isInPlay(told('place'));
  const plain = isOffline ? 'live.offlinePlain' : 'live.faultPlain';
  const kept = isOffline ? 'live.offline' : 'live.fault';
  banner(voice.say(hasPlace ? kept : plain, { time }));
};

/** Until the next answer. */
export const isAsleep = (): void => {
  banner(voice.say('live.asleep'));
};
