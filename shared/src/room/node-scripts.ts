import { readFileSync } from 'node:fs';
import { makeScripts, type PartName, type Scripts } from './scripts.ts';

/** The text of a command, from the files beside this one. */
export function scriptText(name: PartName): string {
  return readFileSync(new URL(`./commands/${name}.lua`, import.meta.url), 'utf8');
}

/** The room's commands, read from their files (Node only; the edge bundles them). */
export function nodeScripts(): Scripts {
  return makeScripts(scriptText);
}
