import { createHash } from 'node:crypto';

type Asset = { text: string; contentType: string };

export type AssetFile = { path: string; text: string; contentType: string };

export type AssetName = 'edge.css' | 'browser-key.js' | 'sale.js' | 'catalogue.js';

export type Assets = {
  /** The address of an asset, with a hash of its content in it. */
  path(name: AssetName): string;
  find(path: string): AssetFile | undefined;
};

/** What pages load besides themselves; each address names its content, so it never changes. */
export function makeAssets(texts: Record<AssetName, string>): Assets {
  const css = 'text/css; charset=utf-8';
  const js = 'text/javascript; charset=utf-8';
  const key = assetFile('browser-key.js', { text: texts['browser-key.js'], contentType: js });
  // The script asks for the key's by its address with the hash in it.
  const sale = texts['sale.js'].replace('./browser-key.js', key.path);
  const files = new Map<AssetName, AssetFile>([
    ['edge.css', assetFile('edge.css', { text: texts['edge.css'], contentType: css })],
    ['browser-key.js', key],
    ['sale.js', assetFile('sale.js', { text: sale, contentType: js })],
    ['catalogue.js', assetFile('catalogue.js', { text: texts['catalogue.js'], contentType: js })],
  ]);
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
