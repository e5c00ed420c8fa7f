import { hashOf } from '@fairgate/shared/pages/client/browser-key.ts';
import { call, slugOf, troubleText } from './calls.ts';
import { learnTime } from './clock.ts';
import { isAsleep, isFresh, isLost } from './net.ts';
import { isInPlay, room, saleId, say, told } from './room.ts';
import { isOther, isOtherSale, renew, showPlace } from './showing.ts';
import { type News, tabsOf } from './tabs.ts';

// Asks as often as the edge wants it, alone of all tabs, and catches up after sleep and loss.

/** Of a hidden tab, after the others: the one that is looked at asks. */
const hiddenLateMs = 1_500;
/** For whoever asked while another tab did. */
const otherTabSeconds = 2;
const lostSeconds = 5;
/** So long after an answer was due, the page has slept. */
const asleepMs = 10_000;

let timer: ReturnType<typeof setTimeout> | undefined;
let dueMs = 0;
let dress = () => {};

export const plan = (seconds: number): void => {
  clearTimeout(timer);
  const ms = seconds * 1_000;
  dueMs = Date.now() + ms;
  const lateMs = document.hidden ? hiddenLateMs * (1 + Math.random()) : Math.random() * 300;
  timer = setTimeout(() => void poll(), ms + lateMs);
};

const show = async (place: NonNullable<News['place']>) => {
  if (isOther(place)) await renew(dress);
  showPlace(place);
};

const tabs = tabsOf(saleId, (news) => {
  if (news.ticketHash !== null) room().dataset.ticketHash = news.ticketHash;
  if (news.serverTime) learnTime(news.serverTime, Date.now(), Date.now());
  plan(news.place.pollAfterSeconds);
  void show(news.place).catch(() => undefined);
});

const pollPlace = async (): Promise<number> => {
  const { response, body } = await call('/place');
  if (response.ok && body?.place) {
    const { place, ticket, serverTime } = body;
    const isBound = told('ticketHash') !== '';
    const ticketHash = ticket && isBound ? await hashOf(ticket) : null;
    if (ticketHash !== null) room().dataset.ticketHash = ticketHash;
    tabs.tell({ place, ticketHash, serverTime });
    await show(place);
    return place.pollAfterSeconds;
  }
  if (response.status >= 500) isLost('fault');
  else isFresh();
  if (response.status === 401 || response.status === 403) {
    const isRenewed = await renew(dress);
    // A page that is refused too (a place that was revoked, a ban) stays, with the reason on it.
    const isTold = !isRenewed || slugOf(body) === 'token-revoked';
    if (isTold) say(troubleText(body));
  }
  return Number(response.headers.get('retry-after')) || lostSeconds;
};

const pollSale = async (): Promise<number> => {
  const { response, body } = await call('');
  if (response.status >= 500) isLost('fault');
  if (!response.ok) return 30;
  isFresh();
  if (isOtherSale(body?.state, body?.message)) await renew(dress);
  if (body?.state === 'closed') return 30;
  const untilStart =
    (Date.parse(body?.startsAt ?? '') - Date.parse(body?.serverTime ?? '')) / 1_000;
  return untilStart > 0 ? Math.min(10, Math.max(1, untilStart)) : 10;
};

export const poll = async (): Promise<void> => {
  clearTimeout(timer);
  let seconds = otherTabSeconds;
  try {
    // Without a place everybody asks for the same, which caches answer.
    if (!isInPlay(told('place'))) seconds = await pollSale();
    else
      await tabs.alone(async () => {
        seconds = await pollPlace();
      });
  } catch {
    // The network is away: the place is kept, so keep asking.
    isLost('offline');
    seconds = lostSeconds;
  }
  plan(seconds);
};

/** Timers of a hidden, frozen or cached page are late or gone: catch up when it is looked at. */
const wake = () => {
  tabs.open();
  if (document.hidden || Date.now() < dueMs) return;
  if (Date.now() > dueMs + asleepMs) isAsleep();
  void poll();
};

/** `onDress`: what is to be done to a page whose inside is new. */
export const startPolling = (onDress: () => void): void => {
  dress = onDress;
  document.addEventListener('visibilitychange', wake);
  document.addEventListener('resume', wake);
  addEventListener('pageshow', ({ persisted }) => {
    if (!persisted) return;
    dueMs = 0;
    wake();
  });
  addEventListener('pagehide', () => tabs.close());
  addEventListener('online', () => void poll());
  addEventListener('offline', () => isLost('offline'));
  plan(Number(told('pollAfter')) || 5);
};
