import type { Place } from '@fairgate/shared/place.ts';
import {
  isNearly,
  isSoldOutAhead,
  outlookWords,
  waitWords,
  whyWords,
} from '@fairgate/shared/words/live.ts';
import { lineTitle } from '../line-title.ts';
import { announcePlace, announceTurn, forgetTurn } from './announcing.ts';
import { within } from './calls.ts';
import { learnPageTime, localTimes, tick } from './clock.ts';
import { emblemNumber, showEmblem } from './emblem.ts';
import { isFresh, learnUpdated } from './net.ts';
import { putInto } from './putting.ts';
import { isInPlay, isTurn, language, put, room, saleName, showField, told, voice } from './room.ts';
import { tellTurn } from './telling.ts';

// What has come is put into the page where it stands: nothing moves under a reader's cursor.

/** Figures of a place whose state is that of the page. */
export const showPlace = (place: Place): void => {
  isFresh();
  // The page may know more by now than the poll did that fetched it.
  if (place.state !== told('place')) return;
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
  put('wait', waitWords(voice, place.etaSeconds));
  put('why', whyWords(voice, place));
  put('outlook', outlookWords(voice, place.outlook));
  showField('soldOut', isSoldOutAhead(place));
  showField('halted', place.halted === true);
  showField('stale', place.stale === true);
};

/** How many are left of each product, for whoever is not in line. */
export const showLeft = (products: { id: string; available: number; total: number }[]): void => {
  for (const { id, available, total } of products) {
    const left = room().querySelector(`[data-left="${id}"]`);
    if (left) left.textContent = voice.say('sale.left', { available, total });
  }
};

/** The tab's title and icon; without figures of the moment its title is the server's. */
export const showTitle = (place: Place | null): void => {
  const state = place?.state ?? told('place');
  if (isTurn(state)) {
    document.title = voice.say('live.titleTurn', { sale: saleName });
    showEmblem('!', true);
  } else if (place !== null && place.ahead !== null && isInPlay(state)) {
    const count = voice.number(place.ahead);
    document.title = isNearly(place)
      ? voice.say('live.titleNearly', { sale: saleName })
      : voice.say('live.titleAhead', { count, sale: saleName });
    showEmblem(emblemNumber(place.ahead), false);
  } else if (!isInPlay(state)) {
    document.title = saleName;
    showEmblem('F', false);
  }
};

/** Whether the page shows another state of things than what has come. */
export const isOther = (place: Place): boolean =>
  place.state !== told('place') ||
  isOtherSale(place.saleState, place.message) ||
  isDrawnSince(place);

export const isOtherSale = (state: string | undefined, message = ''): boolean =>
  state !== told('state') || message.replace(/\r\n?/g, '\n') !== told('message');

/** Nobody stood anywhere when the page was made. */
const isDrawnSince = ({ ahead }: Place) => ahead !== null && told('ahead') === 'unknown';

type Dress = () => void;

/**
 * Fetches the page itself, so that its words stand in one place, and puts in what is another. False
 * where it could not be had. `dress`: what the script does to a page with something fresh in it.
 */
export const renew = (dress: Dress): Promise<boolean> => {
  renewing ??= fetchAnew(dress).finally(() => {
    renewing = undefined;
  });
  return renewing;
};

let renewing: Promise<boolean> | undefined;

const pageNow = () =>
  within(location.pathname, { headers: { accept: 'text/html' } }, async (response) =>
    response.ok ? new DOMParser().parseFromString(await response.text(), 'text/html') : null,
  );

const fetchAnew = async (dress: Dress): Promise<boolean> => {
  const before = told('place');
  const page = await pageNow();
  const next = page?.getElementById('room');
  if (!page || !next) return false;
  // Another tab has chosen another language: this script's own words are of the old one.
  if (page.documentElement.lang !== language) location.reload();
  localTimes(next);
  putInto(room(), next);
  dress();
  const now = told('place');
  if (before === now) return true;
  if (isTurn(now)) turnCame();
  else forgetTurn();
  // Whoever is writing goes on writing.
  const isWriting = document.activeElement instanceof HTMLInputElement;
  if (!isWriting || isTurn(now)) {
    room()
      .querySelector('h2')
      ?.focus({ preventScroll: !isTurn(now) });
  }
  return true;
};

/** Told at once, by every way that was asked for; the page may take its time. */
export const turnCame = (): void => {
  if (announceTurn()) tellTurn();
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
