/** How often something happened within the last minute, to the second. */
export function minuteCount(now: () => number): { note(): void; total(): number } {
  const seconds = new Map<number, number>();
  const drop = (second: number) => {
    for (const at of seconds.keys()) if (at <= second - 60) seconds.delete(at);
  };
  return {
    note() {
      const second = Math.floor(now() / 1_000);
      seconds.set(second, (seconds.get(second) ?? 0) + 1);
      drop(second);
    },
    total() {
      drop(Math.floor(now() / 1_000));
      return seconds.values().reduce((sum, count) => sum + count, 0);
    },
  };
}
