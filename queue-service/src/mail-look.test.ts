import { languages } from '@fairgate/shared/words/languages.ts';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { axeFindings, pixelsTooWide } from '../../e2e/support/axe.ts';
import { findChromium } from '../../scripts/toolchain/chromium.ts';
import { type NoticeOrder, noticeKinds, noticeMail } from './domain/notice.ts';

let browser: Browser;
let page: Page;
beforeAll(async () => {
  browser = await chromium.launch(await findChromium());
  page = await browser.newPage({ viewport: { width: 320, height: 640 } });
  // Nothing from elsewhere, as mail programs show it.
  await page.route('**/*', (route) => route.abort());
});
afterAll(() => browser?.close());

const order: NoticeOrder = {
  id: 'ord_01m8cygxcfdf1hsm5f3nzyvjkz',
  saleId: 'sale_1',
  saleName: 'Donaudampfschifffahrtsgesellschaftskapitänsmütze – أقلام – 万年筆',
  state: 'paid',
  failure: null,
  email: 'shopper@example.org',
  language: null,
  appearance: null,
  totalMinor: 123_456_789,
  currency: 'EUR',
  payBefore: Date.parse('2030-12-31T22:04:05Z'),
  lines: [
    {
      name: 'Blue fountain pen with a rather long name, limited edition',
      quantity: 1_000,
      unitPriceMinor: 123_456,
      units: ['unit_01m8cygxcfdf1hsm5f3nzyvjkz', 'unit_01m8cygxcfdf1hsm5f3nzyvjka'],
    },
    { name: 'قلم', quantity: 1, unitPriceMinor: 789, units: ['unit_2'] },
  ],
};
const links = {
  publicOrigin: 'https://shop.example',
  unsubscribe: () => `https://shop.example/checkout/notices/${'x'.repeat(240)}`,
};

/** A mail is shown within the page of a mail program, which has its own landmarks. */
const ofWholePages = /^(landmark-one-main|region): /;

/** Texts of boxes that are wider than their place. */
const cutTexts = `[...document.querySelectorAll('td, h1, p, a')]
  .filter((it) => it.scrollWidth > it.clientWidth + 1 && it.clientWidth > 0)
  .map((it) => it.textContent)`;

test.each(languages)(
  'in %s a mail fits a small phone, nothing of it is cut, and axe finds nothing',
  async (language) => {
    for (const kind of noticeKinds) {
      const mail = noticeMail(kind, { ...order, language }, links);
      await page.setContent(mail?.html ?? '');
      const seen = {
        tooWide: await pixelsTooWide(page),
        cut: await page.evaluate(cutTexts),
        wrong: (await axeFindings(page)).filter((it) => !ofWholePages.test(it)),
      };
      expect({ kind, ...seen }).toEqual({ kind, tooWide: 0, cut: [], wrong: [] });
    }
  },
);
