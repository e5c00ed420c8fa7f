import { serverNow } from './page.ts';

/** What happens as the time of one `<time>` runs out. */
export type Watched = {
  /** At a minute, half of one and ten seconds, once each; null: there is more time again. */
  warn(leftSeconds: number | null): void;
  /** At zero, once for each deadline. */
  over(): void;
};

/** In seconds, longest first: a warning each time less is left. */
const milestones = [60, 30, 10];
const tickMs = 500;

/** The last one that was passed; null before the first. */
const milestoneOf = (leftSeconds: number): number | null =>
  milestones.filter((at) => leftSeconds <= at).pop() ?? null;

let tick = () => {};

/** After the page has got another time to count down. */
export const countNow = (): void => tick();

/** Turns every `<time data-countdown>` into the time that is left; `watched` by their ids. */
export function startCountdown(watched: Record<string, Watched>): void {
  const told = new Map<string, { until: number; milestone: number | null }>();
  tick = () => {
    for (const time of document.querySelectorAll<HTMLTimeElement>('time[data-countdown]')) {
      const until = Date.parse(time.dateTime);
      if (Number.isNaN(until)) continue;
      const left = Math.max(0, Math.ceil((until - serverNow()) / 1_000));
      const text = countdownText(left);
      if (time.textContent !== text) time.textContent = text;
      const watch = watched[time.id];
      if (watch === undefined) continue;
      const milestone = left === 0 ? 0 : milestoneOf(left);
      const before = told.get(time.id);
      if (before?.until === until && before.milestone === milestone) continue;
      told.set(time.id, { until, milestone });
      if (milestone === 0) watch.over();
      else if (milestone !== null) watch.warn(left);
      else if (before !== undefined) watch.warn(null);
    }
  };
  tick();
  setInterval(countNow, tickMs);
  // A page that was frozen or restored is wrong until it looks again.
  document.addEventListener('visibilitychange', countNow);
  addEventListener('pageshow', countNow);
}

/** `4:05`, with hours where there are any. */
function countdownText(leftSeconds: number): string {
  const pad = (value: number) => String(value).padStart(2, '0');
  const hours = Math.floor(leftSeconds / 3_600);
  const minutes = Math.floor((leftSeconds % 3_600) / 60);
  const seconds = pad(leftSeconds % 60);
  return hours > 0 ? `${hours}:${pad(minutes)}:${seconds}` : `${minutes}:${seconds}`;
}
