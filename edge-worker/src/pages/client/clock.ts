import { countdownText } from '../countdown-text.ts';
import { room, told, voice } from './room.ts';

// The server's clock, and everything on the page that goes by it.

let offsetMs = 0;
/** How far off the server's clock may be seen: half of the quickest answer so far. */
let doubtMs = Number.POSITIVE_INFINITY;

export const serverNow = (): number => Date.now() + offsetMs;

/** What one tab knows of the server's clock, for the others: they are of one device. */
export type ClockNews = { offsetMs: number; doubtMs: number };
export const clockNews = (): ClockNews => ({ offsetMs, doubtMs });
export const hearClock = (news: ClockNews): void => {
  if (news.doubtMs <= doubtMs) ({ offsetMs, doubtMs } = news);
};

/** A clock that was set back by more is believed. */
const lateMsMax = 60_000;
let newestMs = 0;
/** Of an answer of our own: what is told of before is late, also where another machine's clock is ahead. */
export const learnNewest = (serverTime = ''): void => {
  newestMs = Date.parse(serverTime) || newestMs;
};
/** Whether another tab tells of a time before what is known already; what is not is the newest. */
export const isLate = (serverTime = ''): boolean => {
  const lateMs = newestMs - Date.parse(serverTime);
  if (lateMs > 0 && lateMs < lateMsMax) return true;
  learnNewest(serverTime);
  return false;
};

/** Of an answer: when it was asked for and when it came, by this device's clock. */
export const learnTime = (serverTime: string, askedMs: number, cameMs: number): void => {
  const halfMs = (cameMs - askedMs) / 2;
  const found = Date.parse(serverTime) + halfMs - cameMs;
  // A clock that was set, or that slept, is off by more than both doubts together.
  const isMoved = Math.abs(found - offsetMs) > 2_000 + halfMs + doubtMs;
  if (Number.isNaN(found) || (halfMs > doubtMs && !isMoved)) return;
  doubtMs = halfMs;
  offsetMs = found;
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
