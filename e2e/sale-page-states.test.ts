import { languages } from '@fairgate/shared/words/languages.ts';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { axeFindings, pixelsTooWide } from './support/axe.ts';
import { openStage, type Stage } from './support/sale-stage.ts';
import { headed, saleStates } from './support/sale-states.ts';

// The sale page in each of its states, in a real browser: for every reader, at every size.

let stage: Stage;
let browser: Browser;
let close: (() => Promise<void>) | undefined;
beforeAll(async () => {
  ({ stage, browser, close } = await openStage());
}, 120_000);
afterAll(async () => close?.());

/** A telephone, a desk, and a desk at 400 % zoom (WCAG 1.4.10). */
const sizes = [
  { width: 390, height: 844 },
  { width: 1_280, height: 800 },
  { width: 320, height: 256 },
];

/** Colours are the same in every language. */
const schemes = { en: ['light', 'dark'], ar: ['light'] } as const;

/** Texts whose box does not hold them, which a reader would not see whole. */
const cutTexts = (page: Page) =>
  page.evaluate<string[]>(`[...document.querySelectorAll('main *, header *, footer *')]
    .filter((it) => it.childElementCount === 0 && it.textContent.trim() !== '' && !it.closest('.unseen'))
    .filter((it) => it.scrollWidth > it.clientWidth + 1 && getComputedStyle(it).display !== 'inline')
    .map((it) => it.tagName + ': ' + it.textContent)`);

describe.each(saleStates)('$name', ({ heading, enter }) => {
  test.each(['en', 'ar'] as const)('is for everyone, in %s', async (language) => {
    const context = await browser.newContext({
      viewport: sizes[0] ?? null,
      locale: language,
      reducedMotion: 'reduce',
    });
    context.setDefaultTimeout(20_000);
    const page = await context.newPage();
    const faults: string[] = [];
    page.on('pageerror', (error) => faults.push(error.message));
    await enter(page, stage, language);
    await headed(page, language, heading);
    for (const size of sizes) {
      await page.setViewportSize(size);
      for (const colorScheme of schemes[language]) {
        await page.emulateMedia({ colorScheme });
        expect(await axeFindings(page), `${size.width} ${colorScheme}`).toEqual([]);
      }
      expect(await pixelsTooWide(page), `${size.width}`).toBeLessThanOrEqual(0);
      expect(await cutTexts(page), `${size.width}`).toEqual([]);
    }
    expect(faults).toEqual([]);
    await context.close();
  });
});

test.each(languages)('no text is cut at 320 pixels in %s', async (language) => {
  const context = await browser.newContext({
    viewport: { width: 320, height: 640 },
    locale: language,
  });
  context.setDefaultTimeout(20_000);
  const page = await context.newPage();
  for (const name of ['open', 'nearly', 'your-turn']) {
    const state = saleStates.find((it) => it.name === name);
    await state?.enter(page, stage, language);
    await headed(page, language, state?.heading ?? 'common.skip');
    expect(await pixelsTooWide(page), name).toBeLessThanOrEqual(0);
    expect(await cutTexts(page), name).toEqual([]);
    await context.clearCookies();
  }
  await context.close();
});
