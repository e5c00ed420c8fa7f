import { createHash } from 'node:crypto';

type Asset = { text: string; contentType: string };

export type AssetFile = { path: string; text: string; contentType: string };

export type AssetName =
  | 'edge.css'
  | 'browser-key.js'
  | 'pow.js'
  | 'challenge.js'
  | 'offer.js'
  | 'sale.js'
  | 'catalogue.js';

export type Assets = {
  /** The address of an asset, with a hash of its content in it. */
  path(name: AssetName): string;
  find(path: string): AssetFile | undefined;
};

/** What pages load besides themselves; each address names its content, so it never changes. */
export function makeAssets(texts: Record<AssetName, string>): Assets {
  const css = 'text/css; charset=utf-8';
  const js = 'text/javascript; charset=utf-8';
  const files = new Map<AssetName, AssetFile>();
  /** A script asks for others, which were added before it, by their addresses with the hash in them. */
  const add = (name: AssetName, contentType: string, others: AssetName[] = []) => {
    const pathOf = (other: AssetName) => files.get(other)?.path ?? '';
    const text = others.reduce(
      (all, other) => all.replace(`'./${other}'`, `'${pathOf(other)}'`),
      texts[name],
    );
    files.set(name, assetFile(name, { text, contentType }));
  };
  add('edge.css', css);
  add('browser-key.js', js);
  add('pow.js', js);
  add('challenge.js', js, ['pow.js']);
  add('offer.js', js);
  add('sale.js', js, ['browser-key.js', 'challenge.js', 'offer.js']);
  add('catalogue.js', js);
  const byPath = new Map([...files.values()].map((file) => [file.path, file]));
  return {
    path: (name) => files.get(name)?.path ?? '',
    find: (path) => byPath.get(path),
  };
}

function assetFile(name: AssetName, asset: Asset): AssetFile {
  const hash = createHash('sha256').update(asset.text).digest('hex').slice(0, 12);
  return { path: `/assets/${name.replace('.', `.${hash}.`)}`, ...asset };
}
