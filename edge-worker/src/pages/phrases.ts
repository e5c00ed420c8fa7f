import type { WordKey } from '@fairgate/shared/words/texts.ts';

/** What the sale page's script says by itself. Everything else comes with the page. */
export const salePhraseKeys = [
  'live.waitUnknown',
  'live.waitUnderMinute',
  'live.waitAbout',
  'live.waitRange',
  'live.whyPaused',
  'live.whySoldOut',
  'live.whyLottery',
  'live.whyNobody',
  'live.whyStart',
  'live.whyPace',
  'live.outlookSoldOut',
  'live.outlookHeld',
  'live.outlookLikely',
  'live.outlookUnlikely',
  'live.outlookUnlikelyHeld',
  'live.aheadNow',
  'live.nearly',
  'live.turn',
  'live.minutesLeft',
  'live.secondsLeft',
  'live.titleAhead',
  'live.titleNearly',
  'live.titleTurn',
  'live.offline',
  'live.fault',
  'live.asleep',
  'live.offlinePlain',
  'live.faultPlain',
  'live.back',
  'live.failed',
  'live.checking',
  'live.checkProgress',
  'place.ahead',
  'place.lineTitle',
  'place.nearlyTitle',
  'place.lobbyTitle',
  'place.pausedTitle',
  'place.soldOutTitle',
  'tell.emailSaved',
  'tell.denied',
  'join.needsScript',
  'place.doneText',
  'sale.left',
] as const satisfies readonly WordKey[];

export type SalePhraseKey = (typeof salePhraseKeys)[number];

/** What the catalogue's script says. */
export const cataloguePhraseKeys = [
  'catalogue.loaded',
  'catalogue.loadedAll',
] as const satisfies readonly WordKey[];

export type CataloguePhraseKey = (typeof cataloguePhraseKeys)[number];
