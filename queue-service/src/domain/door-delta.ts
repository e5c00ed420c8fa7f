export type Refusals = Record<string, number>;

/**
 * Refusals by reason that were counted beyond those that are known. A counter that is lower than what
 * is known has lost its last second: those refusals were told before.
 */
export function refusalsBeyond(known: Refusals, counted: Refusals): Refusals {
  const more = Object.entries(counted).map(
    ([reason, count]) => [reason, count - (known[reason] ?? 0)] as const,
  );
  return Object.fromEntries(more.filter(([, count]) => count > 0));
}
