import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { themeCss } from '@fairgate/shared/pages/theme.ts';

export type Asset = { text: string; contentType: string; etag: string };

const read = (name: string) => readFileSync(new URL(`./assets/${name}`, import.meta.url), 'utf8');
const css = 'text/css; charset=utf-8';
const script = 'text/javascript; charset=utf-8';

function asset(text: string, contentType: string): Asset {
  const hash = createHash('sha256').update(text).digest('base64url').slice(0, 22);
  return { text, contentType, etag: `"${hash}"` };
}

/** The few files of the pages, read once. */
export function pageAssets(): ReadonlyMap<string, Asset> {
  return new Map([
    ['checkout.css', asset(themeCss + read('checkout.css'), css)],
    ['countdown.js', asset(read('countdown.js'), script)],
    ['checkout.js', asset(read('checkout.js'), script)],
    ['order.js', asset(read('order.js'), script)],
  ]);
}
