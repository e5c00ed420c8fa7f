import type { Place } from '@fairgate/shared/place.ts';
import { isNearly, isSoldOutAhead } from '@fairgate/shared/words/live.ts';

export type LineTitle =
  | 'place.soldOutTitle'
  | 'place.pausedTitle'
  | 'place.lobbyTitle'
  | 'place.nearlyTitle'
  | 'place.lineTitle';

/** What stands over somebody in line, on the page and when its script changes it. */
export function lineTitle(place: Place): LineTitle {
  if (isSoldOutAhead(place)) return 'place.soldOutTitle';
  if (place.saleState === 'paused') return 'place.pausedTitle';
  if (place.state === 'lobby') return 'place.lobbyTitle';
  return isNearly(place) ? 'place.nearlyTitle' : 'place.lineTitle';
}
