const numbers = new Intl.NumberFormat('en');

/** `12,000 units`, `1 unit`. */
export function countWords(count: number, one: string, many = `${one}s`): string {
  return `${numbers.format(count)} ${count === 1 ? one : many}`;
}

/** `12,000`; at most two digits behind the point. */
export function numberWords(value: number): string {
  return numbers.format(Math.round(value * 100) / 100);
}

const steps: [seconds: number, name: string][] = [
  [86_400, 'd'],
  [3_600, 'h'],
  [60, 'min'],
  [1, 's'],
];

/** `2 h 5 min`: the two largest parts of a time. */
export function durationWords(seconds: number): string {
  let rest = Math.max(0, Math.round(seconds));
  const parts: string[] = [];
  for (const [size, name] of steps) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0 || parts.length > 0) parts.push(`${count} ${name}`);
    if (parts.length === 2) break;
  }
  return parts.filter((part) => !part.startsWith('0 ')).join(' ') || '0 s';
}

/** `12.50 EUR`; the number of decimals is the currency's own. */
export function moneyWords(minor: number, currency: string): string {
  const format = new Intl.NumberFormat('en', { style: 'currency', currency });
  const decimals = format.resolvedOptions().maximumFractionDigits ?? 2;
  return `${(minor / 10 ** decimals).toFixed(decimals)} ${currency}`;
}
