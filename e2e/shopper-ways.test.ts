import { type Language, languages } from '@fairgate/shared/words/languages.ts';
import { speechIn } from '@fairgate/shared/words/speech.ts';
import type { WordKey } from '@fairgate/shared/words/texts.ts';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { axeFindings, pixelsTooWide } from './support/axe.ts';
import { openBrowser } from './support/browser.ts';
import { cards } from './support/checkout-client.ts';
import { openDoors, openSale } from './support/fixtures.ts';
import { type SharedStack, sharedStack } from './support/stack.ts';

// From the catalogue to the paid order, by whoever comes: by keyboard alone, in any language, with
// a script or without.

let stack: SharedStack;
let browser: Browser;
beforeAll(async () => {
  [stack, browser] = await Promise.all([sharedStack(), openBrowser()]);
});
afterAll(async () => {
  await browser?.close();
  await stack?.close();
});

const tabsMax = 60;
/** What has the focus, as a person would call it, and whether one sees that it has it. */
const focused = `(() => {
  const it = document.activeElement;
  const shown = it.matches(':focus-visible') && getComputedStyle(it).outlineStyle !== 'none';
  return { text: (it.labels?.[0] ?? it).textContent.trim().replace(/\\s+/g, ' '), shown };
})()`;
type Focused = { text: string; shown: boolean };

/** Goes on by the tabulator until what is called so has the focus. */
async function tabTo(page: Page, name: string): Promise<void> {
  for (let i = 0; i < tabsMax; i += 1) {
    await page.keyboard.press('Tab');
    const { text, shown } = await page.evaluate<Focused>(focused);
    if (!text.includes(name)) continue;
    expect(`${text}: ${shown}`).toBe(`${text}: true`);
    return;
  }
  throw new Error(`The tabulator leads to nothing called “${name}”.`);
}

async function headed(page: Page, language: Language, key: WordKey): Promise<void> {
  await page.getByRole('heading', { name: speechIn(language).say(key), exact: true }).waitFor();
}

test('by keyboard alone: the whole way, and one always sees where one is', async () => {
  const { edgeUrl } = stack.info();
  const sale = await openSale(stack.control, stack.edge, { units: 3, room: openDoors });
  const context = await browser.newContext({ locale: 'en-GB' });
  context.setDefaultTimeout(20_000);
  const page = await context.newPage();
  const { say, money } = speechIn('en');
  await page.goto(edgeUrl);
  await page.keyboard.press('Tab');
  expect(await page.evaluate<Focused>(focused)).toEqual({ text: say('common.skip'), shown: true });
  await tabTo(page, sale.name);
  await page.keyboard.press('Enter');
  await headed(page, 'en', 'sale.joinTitle');
  await tabTo(page, say('join.button'));
  await page.keyboard.press('Enter');
  await headed(page, 'en', 'place.turnTitle');
  await tabTo(page, say('place.toCheckout'));
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/checkout\?/);
  await page.getByRole('button', { name: say('checkout.reserve') }).waitFor();
  await tabTo(page, say('checkout.reserve'));
  await page.keyboard.press('Enter');
  await headed(page, 'en', 'order.awaiting');
  await tabTo(page, say('pay.card'));
  await page.keyboard.type(cards.pays);
  await tabTo(page, say('pay.button', { amount: money(2_500, 'EUR') }));
  await page.keyboard.press('Enter');
  await headed(page, 'en', 'order.paid');
  expect(await stack.addsUp(sale)).toMatchObject({ sold: 1, paid: 1 });
  await context.close();
});

const ways = [
  ...languages.map((language) => ({ language, script: true, name: `${language}` })),
  { language: 'ar' as const, script: false, name: 'ar, without JavaScript' },
];
test.each(ways)('in $name: the whole way, no text of another language', async (way) => {
  const { language, script } = way;
  const { edgeUrl } = stack.info();
  const sale = await openSale(stack.control, stack.edge, { units: 3, room: openDoors });
  const context = await browser.newContext({
    locale: language,
    javaScriptEnabled: script,
    viewport: { width: 390, height: 844 },
  });
  context.setDefaultTimeout(20_000);
  const page = await context.newPage();
  const { say, money } = speechIn(language);
  const press = async (key: WordKey, values = {}) =>
    await page.getByRole('button', { name: say(key, values), exact: true }).click();
  const seen = async (name: string) => {
    expect(await page.locator('html').getAttribute('lang'), name).toBe(language);
    const text = await page.locator('main').textContent();
    expect(text, name).not.toMatch(/undefined|NaN|\{\w+\}|Invalid|(^|\s)-\d/);
    if (script) expect(await axeFindings(page), name).toEqual([]);
    if (script) expect(await pixelsTooWide(page), name).toBeLessThanOrEqual(0);
  };
  await page.goto(edgeUrl);
  await seen('catalogue');
  await page.goto(`${edgeUrl}/sales/${sale.saleId}`);
  await seen('sale');
  await press('join.button');
  await headed(page, language, 'place.turnTitle');
  await seen('turn');
  await press('place.toCheckout');
  await page.getByRole('button', { name: say('checkout.reserve'), exact: true }).waitFor();
  await seen('checkout');
  await press('checkout.reserve');
  await headed(page, language, 'order.awaiting');
  await seen('order');
  await page.getByLabel(say('pay.card')).fill(cards.declined);
  await press('pay.button', { amount: money(2_500, 'EUR') });
  await page.getByText(say('failure.declined')).waitFor();
  await seen('declined');
  await page.getByLabel(say('pay.card')).fill(cards.pays);
  await press('pay.button', { amount: money(2_500, 'EUR') });
  await headed(page, language, 'order.paid');
  await seen('paid');
  await context.close();
});
