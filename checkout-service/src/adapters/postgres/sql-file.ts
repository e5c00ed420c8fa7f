import { readFileSync } from 'node:fs';

const folder = new URL('../../../../shared/src/db/queries/', import.meta.url);

/** The text of a statement in shared/src/db/queries. */
export function sqlFile(name: string): string {
  return readFileSync(new URL(name, folder), 'utf8');
}
