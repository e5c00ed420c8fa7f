import { gzipSync } from 'node:zlib';
import { cspHash } from '@fairgate/shared/pages/asset.ts';
import { languages } from '@fairgate/shared/words/languages.ts';
import { phrasesOf } from '@fairgate/shared/words/texts.ts';
import { describe, expect, test } from 'vitest';
import { everyPage, scriptText } from '../testing/pages.ts';

/** 14 KB: what a server sends before it waits for the first acknowledgement (RFC 6928). */
const bytesMax = 14 * 1_024;
const gzipped = (text: string) => gzipSync(text, { level: 6 }).length;

/** What a reader sees, hears or is led by: no sheets, no data for scripts. */
const read = (page: string) =>
  page
    .replaceAll(/<(style|script)[^>]*>.*?<\/\1>/gs, '')
    .replaceAll(/<[^>]+>/g, ' ')
    .replaceAll(/\s+/g, ' ');

const keys = [...phrasesOf('en').keys()];

describe.each(languages)('in %s', (language) => {
  const scenes = everyPage(language);

  test.each(scenes)('the page "$name" says what it means, and nothing broken', async ({ page }) => {
    const html = `${await page.html}`;
    expect(html).toMatch(
      new RegExp(`<html lang="${language}" dir="${language === 'ar' ? 'rtl' : 'ltr'}">`),
    );
    const text = read(html);
    expect(text).not.toMatch(/undefined|NaN|null|\[object|\{\w+\}|Invalid|(^|\s)-\d/);
    expect(keys.filter((key) => text.includes(key))).toEqual([]);
    expect(html.match(/<h1[ >]/g)).toHaveLength(1);
    expect(html.match(/<title>[^<]+<\/title>/g)).toHaveLength(1);
  });

  test('the sale page with all that it needs weighs no more than 14 KB', async () => {
    const script = gzipped(scriptText('sale.js'));
    for (const { name, page } of scenes) {
      const whole = gzipped(`${await page.html}`) + script;
      expect(whole, name).toBeLessThanOrEqual(bytesMax);
    }
  });

  test('each page may run what it brings, by its hash, and nothing beside', async () => {
    for (const { name, page } of scenes) {
      const html = `${await page.html}`;
      const policy = page.headers['content-security-policy'] ?? '';
      expect(policy, name).not.toMatch(/unsafe|\*/);
      expect(page.headers['referrer-policy']).toBe('no-referrer');
      const styles = [...html.matchAll(/<style>(.*?)<\/style>/gs)].map((match) => match[1] ?? '');
      expect(styles.length, name).toBeGreaterThan(0);
      for (const style of styles) expect(policy, name).toContain(cspHash(style));
      expect(html, name).not.toMatch(/ style=| on[a-z]+="|javascript:/);
      // The first paint needs one answer: the script is a module, which no paint waits for.
      expect(html, name).not.toMatch(
        /<link rel="stylesheet"|<script(?! type="(module|application\/json)")/,
      );
    }
  });
});
