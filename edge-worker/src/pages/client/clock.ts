import { countdownText } from '../countdown-text.ts';
import { room, told, voice } from './room.ts';

// The server's clock, and everything on the page that goes by it.

let offsetMs = 0;
/** How far off the server's clock may be seen: half of the quickest answer so far. */
let doubtMs = Number.POSITIVE_INFINITY;

export const serverNow = (): number => Date.now() + offsetMs;

/** Of an answer: when it was asked for and when it came, by this device's clock. */
export const learnTime = (serverTime: string, askedMs: number, cameMs: number): void => {
  const halfMs = (cameMs - askedMs) / 2;
  const at = Date.parse(serverTime);
  // A clock that was set, or slept, is off by more than the doubt.
  const isMoved = Math.abs(at - halfMs - serverNow() + (Date.now() - cameMs)) > 2_000;
  if (!at || (halfMs > doubtMs && !isMoved)) return;
  doubtMs = halfMs;
  offsetMs = at + halfMs - cameMs;
};

/** As the page itself has it: it took some time to come, and may be a second old. */
export const learnPageTime = (): void => {
  if (doubtMs !== Number.POSITIVE_INFINITY) return;
  offsetMs = Date.parse(told('serverTime')) - Date.now();
};

export const tick = (): void => {
  for (const element of room().querySelectorAll<HTMLElement>('[data-countdown]')) {
    const text = countdownText(
      Date.parse(element.dataset.countdown ?? '') - serverNow(),
      voice.duration,
    );
    if (element.textContent !== text) element.textContent = text;
  }
};

/** Times in the shopper's own zone, in the language of the page. */
export const localTimes = (root: ParentNode): void => {
  for (const time of root.querySelectorAll<HTMLTimeElement>('time[datetime]')) {
    const isClock = time.dataset.time === 'clock';
    time.textContent = isClock ? voice.clock(time.dateTime) : voice.dateTime(time.dateTime);
  }
};
