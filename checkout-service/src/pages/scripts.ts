import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { hashedName } from '@fairgate/shared/pages/asset.ts';

export const scriptNames = ['checkout', 'order', 'order-stripe'] as const;
export type ScriptName = (typeof scriptNames)[number];

/** A script of the pages, as it is served. */
export type PageScript = { text: string; etag: string; address: string };

export type PageScripts = {
  addressOf(name: ScriptName): string;
  /** By the last part of an address, with whatever hash, or none. */
  find(file: string): (PageScript & { isCurrent: boolean }) | null;
};

const folder = new URL('../../dist/pages/', import.meta.url);

/** The scripts that `npm run pages` has bundled, read once. Throws where they were never built. */
export function pageScripts(): PageScripts {
  const scripts = new Map(scriptNames.map((name) => [name, read(name)]));
  const byFile = new Map([...scripts].map(([name, script]) => [`${name}.js`, script]));
  return {
    addressOf: (name) => scripts.get(name)?.address ?? '',
    find(file) {
      const script = byFile.get(file.replace(/\.[0-9a-f]{12}(?=\.js$)/, ''));
      return script ? { ...script, isCurrent: script.address.endsWith(`/${file}`) } : null;
    },
  };
}

function read(name: ScriptName): PageScript {
  const file = new URL(`${name}.js.txt`, folder);
  if (!existsSync(file)) {
    throw new Error(`The pages' scripts are not built: run "npm run pages" (no ${file.pathname})`);
  }
  const text = readFileSync(file, 'utf8');
  const hash = createHash('sha256').update(text).digest('base64url').slice(0, 22);
  const address = `/checkout/assets/${hashedName(`${name}.js`, text)}`;
  return { text, etag: `"${hash}"`, address };
}
