/** The times of a sale in ms; `endsAt` is 0 where it has no end. */
export type SaleTimes = { startsAt: number; endsAt: number };

const daySeconds = 86_400;
/** A sale without an end: tickets are renewed while their shoppers poll. */
const openEndedDays = 30;
const renewedBelowDays = 15;
/** Whoever asks for a place of a sale that ended long ago still gets a ticket that works. */
const shortestSeconds = 300;

/** A ticket lives until 24 h after the sale's end (seconds since the epoch). */
export function ticketExpiry(times: SaleTimes, nowMs: number): number {
  if (times.endsAt === 0) {
    return Math.floor(Math.max(nowMs, times.startsAt) / 1_000) + openEndedDays * daySeconds;
  }
  const afterEnd = Math.floor(times.endsAt / 1_000) + daySeconds;
  return Math.max(afterEnd, Math.floor(nowMs / 1_000) + shortestSeconds);
}

/** Whether a ticket would die before its sale does, as when the end was moved. */
export function ticketFallsShort(exp: number, times: SaleTimes, nowMs: number): boolean {
  if (times.endsAt === 0) return exp - nowMs / 1_000 < renewedBelowDays * daySeconds;
  return exp < Math.floor(times.endsAt / 1_000) + daySeconds;
}
