const dayMs = 86_400_000;
/** Made before they come, so that none is made while a sale runs. */
const daysAhead = 3;

/** A day in UTC, as `2026-11-26`. */
export function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

/** Today and `keptDays - 1` before it are kept; these and some to come are made. */
export function eventDays(nowMs: number, keptDays: number): { wanted: string[]; keepFrom: string } {
  const wanted = Array.from({ length: daysAhead + 2 }, (_, i) => dayOf(nowMs + (i - 1) * dayMs));
  const keepFrom = dayOf(nowMs - (keptDays - 1) * dayMs);
  return { wanted: wanted.filter((day) => day >= keepFrom), keepFrom };
}
