import type { Outlook, Place } from '@fairgate/shared/place.ts';
import type { SaleMode, SaleState } from '@fairgate/shared/sale.ts';

/** What pages say. The script of the sale page says the same (client/sale.browser.js). */
export const stateWords: Record<SaleState, string> = {
  scheduled: 'Coming',
  lobby: 'Waiting room open',
  open: 'Open',
  paused: 'Paused',
  sold_out: 'Sold out',
  closed: 'Ended',
};

/** No checkout can sell right now (D10). */
export const haltedWords =
  'The checkout has a fault of ours, and the line waits for it. Nobody loses their place.';

export function waitWords(eta: { low: number; high: number } | null): string {
  if (!eta) return 'Not known right now';
  if (eta.high < 60) return 'Less than a minute';
  const low = Math.max(1, Math.floor(eta.low / 60));
  const high = Math.max(low, Math.ceil(eta.high / 60));
  return low === high ? `About ${minutes(low)}` : `${low} to ${minutes(high)}`;
}

function minutes(count: number): string {
  return count === 1 ? '1 minute' : `${count} minutes`;
}

/** Why the wait is what it is, or is not known. */
export function whyWords({ state, ahead, etaSeconds, saleState }: Waiting): string {
  if (saleState === 'paused') return 'The seller has paused the line. Everybody keeps their place.';
  if (saleState === 'sold_out') return 'If something comes back, the line moves on.';
  if (ahead === null) return 'Places are drawn at the start: coming early makes none better.';
  if (etaSeconds === null) return 'Nobody is let in at this moment. You keep your place.';
  if (state === 'lobby') return 'With the time until the start.';
  return 'As fast as the line has moved in the last minute.';
}

type Waiting = Pick<Place, 'state' | 'ahead' | 'etaSeconds' | 'saleState'>;

export function outlookWords({ kind, unitsLeft, unitsHeld }: Outlook): string {
  if (kind === 'sold_out') return 'Everything is sold.';
  if (unitsLeft === 0 && unitsHeld > 0) {
    return `${unitsHeld} ${unitsHeld === 1 ? 'is' : 'are'} in others' hands and may come back.`;
  }
  if (kind === 'likely') return `${unitsLeft} left: it looks good for you.`;
  return unitsHeld > 0
    ? `${unitsLeft} left for those ahead of you; ${unitsHeld} in unpaid orders may come back.`
    : `${unitsLeft} left, and those ahead of you may take them all.`;
}

/**
 * What the number of a place is: in a lottery it is drawn, which takes a moment, and before that
 * nobody stands anywhere.
 */
export function numberLabel(mode: SaleMode, { ahead }: Pick<Place, 'ahead'>): string {
  if (mode === 'fifo') return 'Your number';
  return ahead === null ? 'Your number in the draw' : 'Your rank';
}

/** Minor units as money: how many decimals a currency has is the platform's to know. */
export function moneyWords(minor: number, currency: string): string {
  const format = new Intl.NumberFormat('en', { style: 'currency', currency });
  const digits = format.resolvedOptions().maximumFractionDigits ?? 2;
  return format.format(minor / 10 ** digits);
}

/** What is left from one time to another, as the script counts it down: `1:02:03`, `2:03`. */
export function countdownWords(untilIso: string, nowIso: string): string {
  const seconds = Math.max(0, Math.ceil((Date.parse(untilIso) - Date.parse(nowIso)) / 1_000));
  const parts = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60];
  const [first, ...rest] = seconds >= 3_600 ? parts : parts.slice(1);
  return [String(first), ...rest.map((part) => String(part).padStart(2, '0'))].join(':');
}

/** A time as pages show it without a script; with one it is in the shopper's own zone. */
export function timeWords(iso: string): string {
  const format = new Intl.DateTimeFormat('en-GB', {
    dateStyle: 'medium',
    timeStyle: 'short',
    timeZone: 'UTC',
  });
  return `${format.format(new Date(iso))} UTC`;
}
