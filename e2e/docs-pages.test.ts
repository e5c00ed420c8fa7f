import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { axeFindings, pixelsTooWide } from './support/axe.ts';
import { openBrowser, openTab } from './support/browser.ts';
import { call } from './support/http.ts';
import { readDocument } from './support/openapi-document.ts';
import { documentFaults } from './support/openapi-faults.ts';
import { type SharedStack, sharedStack } from './support/stack.ts';

let stack: SharedStack;
let browser: Browser;
beforeAll(async () => {
  [stack, browser] = await Promise.all([sharedStack(), openBrowser()]);
});
afterAll(async () => {
  await browser?.close();
  await stack?.close();
});

test.each(['edgeUrl', 'checkoutUrl', 'controlUrl'] as const)(
  'the description at %s is valid, and its page can be read by anybody, wide and narrow, dark and light, on paper',
  async (name) => {
    const url = stack.info()[name];
    const document = JSON.parse((await call(`${url}/openapi.json`)).text);
    expect(documentFaults(document)).toEqual([]);
    const tab = await openTab(browser, { script: true, origins: [new URL(url).origin] });
    const { page, faults, strangers } = tab;
    const loaded: string[] = [];
    page.on('request', (request) => void loaded.push(new URL(request.url()).pathname));
    await page.goto(`${url}/docs`);
    const operations = readDocument(document).operations.map((it) => it.name);
    const headings = await page.locator('section > h2').allInnerTexts();
    expect(headings.map((it) => it.trim()).sort()).toEqual(operations.sort());
    expect(await page.locator('script').count()).toBe(0);
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      // In a policy that forbids it, so that axe is put into a page with the same content.
      const read = await openTab(browser, { script: true, origins: [] });
      await read.page.emulateMedia({ colorScheme });
      await read.page.setContent(await page.content());
      expect(await axeFindings(read.page)).toEqual([]);
      await read.close();
    }
    for (const width of [390, 1_440]) {
      await page.setViewportSize({ width, height: 860 });
      expect(await pixelsTooWide(page)).toBe(0);
    }
    await page.emulateMedia({ media: 'print' });
    expect(await page.locator('nav').isVisible()).toBe(false);
    expect(await page.locator('details table').first().isVisible()).toBe(true);
    expect(strangers).toEqual([]);
    expect(faults.filter((fault) => !fault.includes('favicon'))).toEqual([]);
    expect(loaded.filter((path) => path !== '/favicon.ico')).toEqual(['/docs']);
    await tab.close();
  },
);
