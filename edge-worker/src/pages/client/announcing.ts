import type { Place } from '@fairgate/shared/place.ts';
import { isMilestone, isNearly } from '@fairgate/shared/words/live.ts';
import { serverNow } from './clock.ts';
import { isTurn, room, voice } from './room.ts';

// What a screen reader is told: at milestones, politely; "your turn" once, at once.

const speak = (id: 'live' | 'now', text: string) => {
  const region = document.getElementById(id);
  if (region) region.textContent = text;
};

export const announce = (text: string): void => speak('live', text);

let toldAhead: number | null = null;
let isNearlyTold = false;
let isTurnTold = false;

/** Of somebody in line; the first figures stand on the page, and are not told again. */
export const announcePlace = (place: Place): void => {
  const { ahead } = place;
  if (isNearly(place) && !isNearlyTold) {
    isNearlyTold = true;
    announce(voice.say('live.nearly'));
  } else if (ahead !== null && isMilestone(toldAhead, ahead)) {
    announce(voice.say('live.aheadNow', { count: ahead }));
    toldAhead = ahead;
  }
  if (ahead !== null && (toldAhead === null || ahead > toldAhead)) toldAhead = ahead;
};

/** False where it was told already. */
export const announceTurn = (): boolean => {
  if (isTurnTold) return false;
  isTurnTold = true;
  speak('now', voice.say('live.turn'));
  return true;
};

/** A turn that ended may come again, and what was said of it is true no more. */
export const forgetTurn = (): void => {
  isTurnTold = false;
  isNearlyTold = false;
  toldAhead = null;
  speak('now', '');
};

/** In seconds: when a time that runs out is told. */
const warnings = [300, 120, 60, 30, 10];
let warnedOf = '';

/** A warning before the turn is over (WCAG 2.2.1), each once. */
export const warnOfEnd = (): void => {
  if (!isTurn(room().dataset.place ?? '')) return;
  const until = room().querySelector<HTMLElement>('[data-countdown]')?.dataset.countdown ?? '';
  const seconds = Math.ceil((Date.parse(until) - serverNow()) / 1_000);
  const due = warnings.find((at) => seconds <= at && seconds > at - 2);
  if (due === undefined || warnedOf === `${until} ${due}`) return;
  warnedOf = `${until} ${due}`;
  const isMinutes = due >= 60;
  announce(
    voice.say(isMinutes ? 'live.minutesLeft' : 'live.secondsLeft', {
      count: isMinutes ? due / 60 : due,
    }),
  );
};
