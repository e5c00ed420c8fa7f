import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { scriptText } from '../testing/pages.ts';
import { makeAssets } from './assets.ts';

const names = [
  'sale.js',
  'tells.js',
  'refusals.js',
  'catalogue.js',
  'challenge.js',
  'pow.js',
  'timer.js',
] as const;
const texts = Object.fromEntries(names.map((name) => [name, scriptText(name)]));
const assets = makeAssets(texts as Record<(typeof names)[number], string>);
const folder = join(import.meta.dirname, '../../dist/assets');

test('the pages name their scripts as the static files are named, which are kept for a year', () => {
  const files = readdirSync(join(folder, 'assets')).map((name) => `/assets/${name}`);
  expect(files.sort()).toEqual(names.map((name) => assets.path(name)).sort());
  for (const path of files) {
    expect(path).toMatch(/\.[0-9a-f]{12}\.js$/);
    expect(readFileSync(join(folder, path), 'utf8')).toBe(assets.find(path)?.text);
  }
  const headers = readFileSync(join(folder, '_headers'), 'utf8');
  expect(headers).toContain('/assets/*\n  Cache-Control: public, max-age=31536000, immutable');
});

test('the Worker serves them too, for good, where the platform has no static files', () => {
  for (const name of names) {
    const file = assets.find(assets.path(name));
    expect(file).toEqual({
      text: texts[name],
      cacheControl: 'public, max-age=31536000, immutable',
    });
  }
});

test('a page of before a deployment gets what there is now, and does not keep it', () => {
  const before = assets.path('challenge.js').replace(/[0-9a-f]{12}/, '0123456789ab');
  expect(assets.find(before)).toEqual({ text: texts['challenge.js'], cacheControl: 'no-cache' });
  expect(assets.find('/assets/other.0123456789ab.js')).toBeUndefined();
  expect(assets.find('/assets/__proto__.js')).toBeUndefined();
});
