import { isDeepStrictEqual } from 'node:util';
import type { Changes } from './ports.ts';

/** The fields that a change touched, as they were and as they are; for the ledger. */
export type Difference = { before: Record<string, unknown>; after: Record<string, unknown> };

/**
 * What a patch would make otherwise than it is, or null where nothing; what is undefined stays.
 * Objects are taken apart by their fields one level down (`room.message`), so that the ledger tells
 * of the setting, and not of all of them.
 */
export function differenceOf<T extends object>(before: T, patch: Changes<T>): Difference | null {
  const was = new Map(fieldsOf(before));
  const given = Object.entries(patch).filter(([, value]) => value !== undefined);
  const will = fieldsOf({ ...before, ...Object.fromEntries(given) });
  const after = will.filter(([name, value]) => !isDeepStrictEqual(was.get(name), value));
  const present = new Set(will.map(([name]) => name));
  const gone = [...was.keys()].filter((name) => !present.has(name));
  const names = [...after.map(([name]) => name), ...gone];
  if (names.length === 0) return null;
  return {
    before: Object.fromEntries(names.map((name) => [name, was.get(name) ?? null])),
    after: Object.fromEntries([...after, ...gone.map((name): [string, unknown] => [name, null])]),
  };
}

function fieldsOf(object: object): [string, unknown][] {
  return Object.entries(object).flatMap(([name, value]): [string, unknown][] =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.entries(value).map(([inner, one]) => [`${name}.${inner}`, one])
      : [[name, value]],
  );
}
