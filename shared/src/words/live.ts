import type { Outlook, Place } from '../place.ts';
import type { SaleMode } from '../sale.ts';
import type { Voice } from './voice.ts';

/** What a page says again and again while somebody waits: by the server first, then by its script. */
export type LiveKey =
  | 'live.outlookHeld'
  | 'live.outlookLikely'
  | 'live.outlookSoldOut'
  | 'live.outlookUnlikely'
  | 'live.outlookUnlikelyHeld'
  | 'live.waitAbout'
  | 'live.waitRange'
  | 'live.waitUnderMinute'
  | 'live.waitUnknown'
  | 'live.whyLottery'
  | 'live.whyNobody'
  | 'live.whyPace'
  | 'live.whyPaused'
  | 'live.whySoldOut'
  | 'live.whyStart';
export type LiveVoice = Voice<LiveKey>;

export function waitWords(voice: LiveVoice, eta: Place['etaSeconds']): string {
  if (!eta) return voice.say('live.waitUnknown');
  if (eta.high < 60) return voice.say('live.waitUnderMinute');
  const low = Math.max(1, Math.floor(eta.low / 60));
  const high = Math.max(low, Math.ceil(eta.high / 60));
  const duration = voice.duration(high * 60);
  if (low === high) return voice.say('live.waitAbout', { duration });
  // `2 to 5 minutes`, but `50 minutes to 1 hour 10 minutes`.
  const from = high < 60 ? voice.number(low) : voice.duration(low * 60);
  return voice.say('live.waitRange', { low: from, high: duration });
}

type Waiting = Pick<Place, 'state' | 'ahead' | 'etaSeconds' | 'saleState'>;

/** Why the wait is what it is, or is not known. */
export function whyWords(voice: LiveVoice, place: Waiting): string {
  return voice.say(whyKey(place));
}

function whyKey({ state, ahead, etaSeconds, saleState }: Waiting): LiveKey {
  if (saleState === 'paused') return 'live.whyPaused';
  if (saleState === 'sold_out') return 'live.whySoldOut';
  if (ahead === null) return 'live.whyLottery';
  if (etaSeconds === null) return 'live.whyNobody';
  return state === 'lobby' ? 'live.whyStart' : 'live.whyPace';
}

export function outlookWords(voice: LiveVoice, { kind, unitsLeft, unitsHeld }: Outlook): string {
  if (kind === 'sold_out') return voice.say('live.outlookSoldOut');
  if (unitsLeft === 0 && unitsHeld > 0) return voice.say('live.outlookHeld', { count: unitsHeld });
  const count = unitsLeft;
  if (kind === 'likely') return voice.say('live.outlookLikely', { count });
  if (unitsHeld === 0) return voice.say('live.outlookUnlikely', { count });
  return voice.say('live.outlookUnlikelyHeld', { count, held: unitsHeld });
}

type NumberKey = 'place.number' | 'place.drawNumber' | 'place.rank';

/**
 * What the number of a place is: in a lottery it is drawn, which takes a moment, and before that
 * nobody stands anywhere.
 */
export function numberKey(mode: SaleMode, { ahead }: Pick<Place, 'ahead'>): NumberKey {
  if (mode === 'fifo') return 'place.number';
  return ahead === null ? 'place.drawNumber' : 'place.rank';
}

/** With less to wait than this, one had better stay close. */
const nearlySeconds = 180;

export function isNearly({ state, etaSeconds, saleState }: Waiting): boolean {
  if (state !== 'waiting' || saleState !== 'open') return false;
  return etaSeconds !== null && etaSeconds.high <= nearlySeconds;
}

/** Everything went to people ahead: told at once, though the place is kept. */
export function isSoldOutAhead({ state, saleState }: Pick<Place, 'state' | 'saleState'>): boolean {
  return (state === 'waiting' || state === 'lobby') && saleState === 'sold_out';
}

/** How many ahead are worth telling a screen reader: half as many as last time, and the last one. */
export function isMilestone(told: number | null, ahead: number): boolean {
  if (told === null || ahead >= told) return false;
  return ahead <= told / 2 || ahead <= 1;
}
