import { readFileSync } from 'node:fs';
import { makeScripts, type Scripts } from './scripts.ts';

/** The room's commands, read from the files beside this one (Node only; the edge bundles them). */
export function nodeScripts(): Scripts {
  return makeScripts((name) =>
    readFileSync(new URL(`./commands/${name}.lua`, import.meta.url), 'utf8'),
  );
}
