const number = new Intl.NumberFormat('en');
const short = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });
const moment = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short' });
const clock = new Intl.DateTimeFormat('en', { timeStyle: 'medium', hourCycle: 'h23' });

export const count = (value: number) => number.format(value);
export const compact = (value: number) => (value < 10_000 ? count(value) : short.format(value));
export const when = (iso: string) => moment.format(new Date(iso));
export const atClock = (iso: string) => clock.format(new Date(iso));

/** `12.50 EUR` by the decimals of the currency. */
export function money(minor: number, currency: string): string {
  const format = new Intl.NumberFormat('en', { style: 'currency', currency });
  return format.format(minor / 10 ** decimalsOf(currency));
}

export function decimalsOf(currency: string): number {
  const format = new Intl.NumberFormat('en', { style: 'currency', currency });
  return format.resolvedOptions().maximumFractionDigits ?? 2;
}

/** `1 min 20 s`; an en dash where nothing is known. */
export function duration(seconds: number | null): string {
  if (seconds === null) return '–';
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min${seconds % 60 === 0 ? '' : ` ${seconds % 60} s`}`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

export const plural = (n: number, one: string, many = `${one}s`) =>
  `${count(n)} ${n === 1 ? one : many}`;

const stateWords: Record<string, string> = {
  draft: 'Draft',
  scheduled: 'Scheduled',
  lobby: 'Lobby',
  open: 'Open',
  paused: 'Paused',
  sold_out: 'Sold out',
  closed: 'Closed',
  awaiting_payment: 'Awaiting payment',
  paid: 'Paid',
  expired: 'Expired',
  cancelled: 'Cancelled',
  refunded: 'Refunded',
  pending: 'Pending',
  delivered: 'Delivered',
  failed: 'Failed',
  on: 'On',
  off: 'Off',
};
export const stateWord = (state: string) => stateWords[state] ?? state;

/** `rate-limited` → `Rate limited`. */
export function sentence(slug: string): string {
  const words = slug.replaceAll(/[-_.]/g, ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** What the ledger calls an action, for people. */
export function actionWords(action: string): string {
  const [what = '', did = ''] = action.split('.');
  return sentence(`${what} ${did}`);
}

/** Local time as `<input type="datetime-local">` has it, and back. */
export function localInput(iso: string): string {
  const at = new Date(iso);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
export const fromLocalInput = (text: string) => new Date(text).toISOString();
