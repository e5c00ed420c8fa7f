import { hashOf } from '@fairgate/shared/pages/client/browser-key.ts';
import type { Place } from '@fairgate/shared/place.ts';
import { type Answer, type Body, call, type Problem, slugOf, troubleText } from './calls.ts';
import { clockNews, hearClock, isLate, learnNewest } from './clock.ts';
import { isAsleep, isFresh, isLost } from './net.ts';
import { isInPlay, isTurn, parts, room, saleId, say, told } from './room.ts';
import { isOther, isOtherSale, renew, showLeft, showPlace, turnCame } from './showing.ts';
import { tabsOf } from './tabs.ts';

// Asks as often as the edge wants it, alone of all tabs, and catches up after sleep and loss.

/** Of a hidden tab, after the others: the one that is looked at asks. */
const hiddenLateMs = 1_500;
/** For whoever asked while another tab did. */
const otherTabSeconds = 2;
const lostSeconds = 5;
/** Of a sale that is there no more. */
const goneSeconds = 300;
/** A sale that is over stays so: nobody asks until the page is looked at again. */
const never = Number.POSITIVE_INFINITY;
/** So long after an answer was due, the page has slept. */
const asleepMs = 10_000;

let timer: ReturnType<typeof setTimeout> | undefined;
let dueMs = 0;
let dress = () => {};

let planned = 0;
let isResting = false;
let ticker: Worker | undefined;

export const plan = (seconds: number): void => {
  clearTimeout(timer);
  planned += 1;
  isResting = seconds === never;
  const ms = (isResting ? goneSeconds : seconds) * 1_000;
  dueMs = Date.now() + ms;
  if (isResting) return;
  const lateMs = document.hidden ? hiddenLateMs * (1 + Math.random()) : Math.random() * 300;
  timer = setTimeout(() => void poll(), ms + lateMs);
  ticker?.postMessage({ id: planned, ms: ms + lateMs });
};

/** A hidden page is kept on time by a worker; whoever is looked at needs none. */
const hide = () => {
  if (!document.hidden || ticker !== undefined || isResting) return;
  ticker = new Worker(parts.timer);
  ticker.onmessage = ({ data }: MessageEvent<number>) => {
    if (data === planned && document.hidden) void poll();
  };
  ticker.postMessage({ id: planned, ms: Math.max(0, dueMs - Date.now()) + hiddenLateMs });
};

const show = async (place: Place) => {
  if (isTurn(place.state)) turnCame();
  if (isOther(place)) await renew(dress);
  showPlace(place);
};

/** The place is there no more: another tab has seen it, and this one says why as well. */
const showGone = async (problem: Problem) => {
  await renew(dress);
  if (!isInPlay(told('place'))) say(await troubleText(problem));
};

const tabs = tabsOf(saleId, {
  onNews({ place, ticketHash, serverTime, clock }) {
    if (ticketHash) room().dataset.ticketHash = ticketHash;
    // A tab of before a deployment tells less.
    if (clock) hearClock(clock);
    plan(place.pollAfterSeconds);
    // What is late has figures of before; whether there is another state, the page itself tells.
    const shown = isLate(serverTime) ? isOther(place) && renew(dress) : show(place);
    void Promise.resolve(shown).catch(() => undefined);
  },
  onGone: (problem) => void showGone(problem).catch(() => undefined),
});

/** Asks, and tells the other tabs; what has come is shown afterwards, when they may ask again. */
const askPlace = async (): Promise<Answer> => {
  const answer = await call('/place');
  const { place, ticket, serverTime } = answer.body ?? {};
  if (!answer.response.ok || !place) return answer;
  learnNewest(serverTime);
  const isBound = told('ticketHash') !== '';
  const ticketHash = ticket && isBound ? await hashOf(ticket) : null;
  if (ticketHash !== null) room().dataset.ticketHash = ticketHash;
  tabs.tell({ place, ticketHash, serverTime, clock: clockNews() });
  return answer;
};

const takePlace = async ({ response, body }: Answer): Promise<number> => {
  if (response.ok && body?.place) {
    await show(body.place);
    return body.place.pollAfterSeconds;
  }
  if (response.status >= 500) isLost('fault');
  // Another tab was quicker: the page knows by now, and says why.
  if (!isInPlay(told('place'))) return lostSeconds;
  if (response.status === 401 || response.status === 403) {
    const isRevoked = slugOf(body) === 'token-revoked';
    // The page forgets the place for all tabs: none of them could ask why.
    if (isRevoked && body) tabs.tellGone(body);
    const isRenewed = await renew(dress);
    // A page that is refused too (a place that was revoked, a ban) stays, with the reason on it.
    if (!isRenewed || isRevoked) say(await troubleText(body));
  }
  if (response.status === 404) {
    say(await troubleText(body));
    return goneSeconds;
  }
  return Number(response.headers.get('retry-after')) || lostSeconds;
};

const pollPlace = async (): Promise<number> => {
  const asked: Answer[] = [];
  await tabs.alone(async () => {
    asked.push(await askPlace());
  });
  const [answer] = asked;
  return answer === undefined ? otherTabSeconds : await takePlace(answer);
};

const pollSale = async (): Promise<number> => {
  const { response, body } = await call('');
  if (response.status >= 500) isLost('fault');
  if (!response.ok) return Number(response.headers.get('retry-after')) || 30;
  isFresh();
  if (isOtherSale(body?.state, body?.message)) await renew(dress);
  else showLeft(body?.products ?? []);
  if (body?.state === 'closed') return never;
  return Math.min(10, untilNextSeconds(body ?? {}));
};

/** Until the lobby or the sale opens; what is due may be seen a moment late, so it is asked for again. */
const untilNextSeconds = ({ state, lobbyOpensAt, startsAt, serverTime }: Body): number => {
  const opening = { scheduled: lobbyOpensAt ?? startsAt, lobby: startsAt }[state ?? ''];
  const seconds = (Date.parse(opening ?? '') - Date.parse(serverTime ?? '')) / 1_000;
  return seconds > -5 ? Math.max(1, seconds) : 10;
};

export const poll = async (): Promise<void> => {
  clearTimeout(timer);
  let seconds = lostSeconds;
  try {
    // Without a place everybody asks for the same, which caches answer.
    seconds = await (isInPlay(told('place')) ? pollPlace() : pollSale());
  } catch {
    // The network is away: the place is kept, so keep asking.
    isLost('offline');
  }
  plan(seconds);
};

/** Timers of a hidden, frozen or cached page are late or gone: catch up when it is looked at. */
const wake = () => {
  tabs.open();
  if (document.hidden || Date.now() < dueMs) return;
  if (!isResting && Date.now() > dueMs + asleepMs) isAsleep();
  void poll();
};

/** `onDress`: what is to be done to a page whose inside is new. */
export const startPolling = (onDress: () => void): void => {
  dress = onDress;
  document.addEventListener('visibilitychange', wake);
  document.addEventListener('visibilitychange', hide);
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
