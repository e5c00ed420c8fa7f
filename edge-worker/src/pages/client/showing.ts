import type { Place } from '@fairgate/shared/place.ts';
import {
  isNearly,
  isSoldOutAhead,
  type LiveVoice,
  outlookWords,
  waitWords,
  whyWords,
} from '@fairgate/shared/words/live.ts';
import { lineTitle } from '../line-title.ts';
import { announcePlace, announceTurn, forgetTurn } from './announcing.ts';
import { learnPageTime, localTimes, tick } from './clock.ts';
import { emblemNumber, showEmblem } from './emblem.ts';
import { isFresh, learnUpdated } from './net.ts';
import { putInto } from './putting.ts';
import { isInPlay, isTurn, put, room, saleName, showField, told, voice } from './room.ts';
import { tellTurn } from './telling.ts';

// What has come is put into the page where it stands: nothing moves under a reader's cursor.

const liveVoice = voice as unknown as LiveVoice;

/** Figures of a place whose state is that of the page. */
export const showPlace = (place: Place): void => {
  isFresh();
  if (place.state === 'lobby' || place.state === 'waiting') showLine(place);
  showTitle(place);
  announcePlace(place);
};

const showLine = (place: Place) => {
  const { ahead, behind } = place;
  put('title', voice.say(lineTitle(place)));
  put('ahead', ahead === null ? '–' : voice.number(ahead));
  if (ahead !== null) put('aheadLabel', voice.say('place.ahead', { count: ahead }));
  put('behind', behind === null ? '–' : voice.number(behind));
  put('number', voice.number(place.number));
  put('wait', waitWords(liveVoice, place.etaSeconds));
  put('why', whyWords(liveVoice, place));
  put('outlook', outlookWords(liveVoice, place.outlook));
  showField('soldOut', isSoldOutAhead(place));
  showField('halted', place.halted === true);
  showField('stale', place.stale === true);
};

/** The tab's title and icon. */
export const showTitle = (place: Place | null): void => {
  const state = place?.state ?? told('place');
  if (isTurn(state)) {
    document.title = voice.say('live.titleTurn', { sale: saleName });
    showEmblem('!', true);
  } else if (place?.ahead != null && isInPlay(state)) {
    const count = voice.number(place.ahead);
    document.title = isNearly(place)
      ? voice.say('live.titleNearly', { sale: saleName })
      : voice.say('live.titleAhead', { count, sale: saleName });
    showEmblem(emblemNumber(place.ahead), false);
  } else {
    document.title = saleName;
    showEmblem('F', false);
  }
};

/** Whether the page shows another state of things than what has come. */
export const isOther = (place: Place): boolean =>
  place.state !== told('place') ||
  isOtherSale(place.saleState, place.message) ||
  isDrawnSince(place);

export const isOtherSale = (state: string | undefined, message: string | undefined): boolean =>
  state !== told('state') || message !== told('message');

/** Nobody stood anywhere when the page was made. */
const isDrawnSince = ({ ahead }: Place) =>
  ahead !== null && room().querySelector('[data-field="ahead"]')?.textContent === '–';

type Dress = () => void;

/**
 * Fetches the page itself, so that its words stand in one place, and puts in what is another. False
 * where it could not be had. `dress`: what the script does to a page with something fresh in it.
 */
export const renew = async (dress: Dress): Promise<boolean> => {
  const before = told('place');
  const response = await fetch(location.pathname, { headers: { accept: 'text/html' } });
  if (!response.ok) return false;
  const page = new DOMParser().parseFromString(await response.text(), 'text/html');
  const next = page.getElementById('room');
  if (!next) return false;
  localTimes(next);
  putInto(room(), next);
  dress();
  const now = told('place');
  if (before === now) return true;
  room()
    .querySelector('h2')
    ?.focus({ preventScroll: !isTurn(now) });
  if (!isTurn(now)) forgetTurn();
  else if (!isTurn(before)) {
    announceTurn();
    tellTurn();
  }
  return true;
};

/** A fresh inside: the clock, the shopper's own times, the title. */
export const dressPage = (): void => {
  learnPageTime();
  learnUpdated();
  localTimes(room());
  room().dataset.own = '';
  tick();
  showTitle(null);
};
