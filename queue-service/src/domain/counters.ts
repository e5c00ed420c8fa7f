/** Counts under names; in checkpoints several kinds stand together as `<kind>:<name>`. */
export type Counters = Record<string, number>;

/** Those of one kind, without it in their names. */
export function countersOf(counters: Readonly<Counters>, kind: string): Counters {
  const prefix = `${kind}:`;
  const own = Object.entries(counters).filter(([name]) => name.startsWith(prefix));
  return Object.fromEntries(own.map(([name, count]) => [name.slice(prefix.length), count]));
}

/** The same as they stand beside other kinds. */
export function asKind(counters: Readonly<Counters>, kind: string): Counters {
  const named = Object.entries(counters).map(([name, count]) => [`${kind}:${name}`, count]);
  return Object.fromEntries(named);
}

export function addedCounts(a: Readonly<Counters>, b: Readonly<Counters>): Counters {
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return Object.fromEntries([...names].map((name) => [name, (a[name] ?? 0) + (b[name] ?? 0)]));
}
