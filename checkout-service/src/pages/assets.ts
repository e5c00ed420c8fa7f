import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { themeCss } from '@fairgate/shared/pages/theme.ts';

export type Asset = { text: string; contentType: string; etag: string };

const read = (name: string) => readFileSync(new URL(`./assets/${name}`, import.meta.url), 'utf8');
/** The same that the sale's page has: both are of one origin, and use one key. */
const keyScript = new URL(import.meta.resolve('@fairgate/shared/pages/browser-key.browser.js'));
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
    ['browser-key.js', asset(readFileSync(keyScript, 'utf8'), script)],
    ['countdown.js', asset(read('countdown.js'), script)],
    ['checkout.js', asset(read('checkout.js'), script)],
    ['token-again.js', asset(read('token-again.js'), script)],
    ['order.js', asset(read('order.js'), script)],
  ]);
}
