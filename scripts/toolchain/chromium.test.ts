import { chromium } from 'playwright-core';
import { expect, test } from 'vitest';
import { findChromium } from './chromium.ts';

test('a real browser runs a page and takes its picture', { timeout: 120_000 }, async () => {
  const browser = await chromium.launch(await findChromium());
  try {
    const page = await browser.newPage({ viewport: { width: 400, height: 300 } });
    await page.setContent('<h1>…</h1><script>document.body.id = "ran"</script>');
    expect(await page.evaluate('document.body.id')).toBe('ran');
    expect((await page.screenshot()).length).toBeGreaterThan(500);
  } finally {
    await browser.close();
  }
});
