import { fillPhrase, type Phrase, type Values } from './phrase.ts';

/**
 * How a language says things: texts, and figures by `Intl`. Runs in browsers too, some of them
 * old: nothing newer than `Intl.PluralRules` and units in `Intl.NumberFormat` (2020).
 */
export type Voice<Key extends string = string> = {
  readonly language: string;
  say(key: Key, values?: Values): string;
  number(value: number): string;
  /** Minor units of an ISO 4217 currency; how many decimals it has is the platform's to know. */
  money(minor: number, currency: string): string;
  /** `5 minutes`, `1 hour 20 minutes`, `45 seconds`: the two largest units that matter. */
  duration(seconds: number): string;
  /** One unit alone: `3 minutes`. */
  unit(value: number, unit: Unit): string;
  /** Date and time of day; in the zone of whoever runs it where none is named. */
  dateTime(at: string | number, timeZone?: string): string;
  /** Hours, minutes and seconds. */
  clock(at: string | number, timeZone?: string): string;
};

export type Unit = 'day' | 'hour' | 'minute' | 'second';

/** Arabic and Hindi pages of shops write the digits that prices on them have. */
const digits = 'u-nu-latn';

/** `phraseOf` gives the phrase of a key; a key that has none is said as it is, so that tests see it. */
export function voiceOf<Key extends string>(
  language: string,
  phraseOf: (key: Key) => Phrase | undefined,
): Voice<Key> {
  const locale = `${language}-${digits}`;
  const plurals = new Intl.PluralRules(locale);
  const numbers = new Intl.NumberFormat(locale);
  const number = (value: number) => numbers.format(value);
  const plural = (count: number) => plurals.select(count);
  const unit = (value: number, name: Unit) =>
    new Intl.NumberFormat(locale, { style: 'unit', unit: name, unitDisplay: 'long' }).format(value);
  return {
    language,
    say: (key, values = {}) =>
      fillPhrase(phraseOf(key) ?? key, isolated(language, values), { plural, number }),
    number,
    money(minor, currency) {
      const format = new Intl.NumberFormat(locale, { style: 'currency', currency });
      const decimals = format.resolvedOptions().maximumFractionDigits ?? 2;
      return format.format(minor / 10 ** decimals);
    },
    duration: (seconds) =>
      durationParts(seconds)
        .map((part) => unit(...part))
        .join(' '),
    unit,
    dateTime: (at, timeZone) =>
      timeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' }, timeZone).format(
        new Date(at),
      ),
    clock: (at, timeZone) =>
      timeFormat(locale, { timeStyle: 'medium' }, timeZone).format(new Date(at)),
  };
}

/**
 * Among letters that run from right to left, names and times are set apart (Unicode UAX 9,
 * FSI and PDI), so that they do not take the signs beside them along.
 */
function isolated(language: string, values: Values): Values {
  if (language !== 'ar') return values;
  const entries = Object.entries(values).map(([name, value]) => [
    name,
    typeof value === 'string' ? `\u2068${value}\u2069` : value,
  ]);
  return Object.fromEntries(entries);
}

function timeFormat(
  locale: string,
  style: Intl.DateTimeFormatOptions,
  timeZone: string | undefined,
): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat(locale, timeZone === undefined ? style : { ...style, timeZone });
}

const unitSeconds: [Unit, number][] = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
];

/** The largest unit, and the next smaller one where it is not nothing. */
function durationParts(seconds: number): [number, Unit][] {
  const whole = Math.max(0, Math.round(seconds));
  const at = unitSeconds.findIndex(([, length]) => whole >= length);
  const [name, length] = unitSeconds[at] ?? ['second', 1];
  const first: [number, Unit] = [Math.floor(whole / length), name];
  const next = at === -1 ? undefined : unitSeconds[at + 1];
  if (next === undefined) return [first];
  const rest = Math.floor((whole % length) / next[1]);
  return rest === 0 ? [first] : [first, [rest, next[0]]];
}
