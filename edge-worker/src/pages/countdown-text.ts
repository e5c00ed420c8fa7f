/** Longer than this, nobody counts seconds. */
const daysFromSeconds = 86_400;

/**
 * What is left, in ms, as a page shows it and its script counts it down: `2:03`, `1:02:03`, and
 * `3 days 4 hours` by the `duration` of the page's language.
 */
export function countdownText(ms: number, duration: (seconds: number) => string): string {
  const seconds = Math.max(0, Math.ceil(ms / 1_000));
  if (seconds > daysFromSeconds) return duration(seconds);
  const parts = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60];
  const [first, ...rest] = seconds >= 3_600 ? parts : parts.slice(1);
  return [String(first), ...rest.map((part) => String(part).padStart(2, '0'))].join(':');
}
