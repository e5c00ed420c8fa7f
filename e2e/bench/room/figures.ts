/** The middle one; NaN of none. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** The value below which `share` of them lie; NaN of none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** One line of the report: what was measured, and what was aimed at. */
export function tell(name: string, figure: string, aim = ''): void {
  console.log(`${name.padEnd(58)} ${figure.padStart(12)}${aim === '' ? '' : `   (aim ${aim})`}`);
}
