import { isDeepStrictEqual } from 'node:util';
import type { Changes } from './ports.ts';

/** Whether a patch would leave anything otherwise than it is; what is undefined stays. */
export function changesAny<T extends object>(before: T, patch: Changes<T>): boolean {
  const given = Object.entries(patch).filter(([, value]) => value !== undefined);
  return !isDeepStrictEqual({ ...before, ...Object.fromEntries(given) }, { ...before });
}
