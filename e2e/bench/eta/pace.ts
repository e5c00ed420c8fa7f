/** What the room measures of its own pace, from its counters each second. */
export type PaceMeter = {
  note(second: number, admitted: number, gone: number): void;
  pace(): { low: number; high: number } | null;
  absentShare(): number;
};

const windowSeconds = 10;
const windows = 6;
/** People who came to the head of the line, or went before that. */
const smoothedOver = 100;

export function paceMeter(): PaceMeter {
  const counts: number[] = [];
  let before = 0;
  let last = { admitted: 0, gone: 0 };
  let share = 0;
  return {
    note(second, admitted, gone) {
      const left = gone - last.gone;
      const passed = admitted - last.admitted + left;
      if (passed > 0) share += (left / passed - share) * Math.min(1, passed / smoothedOver);
      last = { admitted, gone };
      if (second === 0 || second % windowSeconds !== 0) return;
      counts.push(((admitted - before) * 60) / windowSeconds);
      before = admitted;
      if (counts.length > windows) counts.shift();
    },
    pace() {
      if (counts.length === 0) return null;
      return { low: Math.min(...counts), high: Math.max(...counts) };
    },
    absentShare: () => share,
  };
}
