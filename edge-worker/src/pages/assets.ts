import { hashedCacheControl, hashedName, plainName } from '@fairgate/shared/pages/asset.ts';

export type ScriptName =
  | 'sale.js'
  | 'catalogue.js'
  | 'tells.js'
  | 'refusals.js'
  | 'challenge.js'
  | 'pow.js'
  | 'timer.js';

export type AssetFile = { text: string; cacheControl: string };

export type Assets = {
  /** The address of a script, with a hash of its content in it. */
  path(name: ScriptName): string;
  find(path: string): AssetFile | undefined;
};

/**
 * The scripts of the pages. On Cloudflare they are static files, and the Worker is only asked for
 * what a page of before the last deployment still loads: it gets what is there now.
 */
export function makeAssets(texts: Record<ScriptName, string>): Assets {
  const entries = Object.entries(texts) as [ScriptName, string][];
  const paths = new Map(entries.map(([name, text]) => [name, `/assets/${hashedName(name, text)}`]));
  const known = new Map<string, ScriptName>(entries.map(([name]) => [`/assets/${name}`, name]));
  return {
    path: (name) => paths.get(name) ?? '',
    find(path) {
      const name = known.get(plainName(path));
      if (name === undefined) return undefined;
      const isNow = paths.get(name) === path;
      return { text: texts[name], cacheControl: isNow ? hashedCacheControl : 'no-cache' };
    },
  };
}
