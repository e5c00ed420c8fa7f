import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type PreviewState, previewStates } from '@fairgate/shared/preview/preview.ts';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { openBrowser, openTab } from './support/browser.ts';
import { answered, call } from './support/http.ts';
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

const previewShape = z.object({
  id: z.string(),
  url: z.url(),
  expiresAt: z.iso.datetime(),
  states: z.array(z.enum(previewStates)),
});

/** A draft, and the link to its page. */
async function draftWithLink(name: string) {
  const { control } = stack;
  const price = { priceMinor: 4_500, currency: 'EUR' };
  const productId = await control.createProduct({ name: `${name} product`, stock: 5, ...price });
  const saleId = await control.createSale({
    name,
    productIds: [productId],
    startsAt: new Date(Date.now() + 86_400_000).toISOString(),
    room: { message: 'One each, please', challenge: 'altcha' },
  });
  const made = await control.raw(`/v1/sales/${saleId}/preview`, { method: 'POST' });
  return { saleId, link: answered(made, 201, previewShape) };
}

/** What stands out on each of the pages. */
const headings: Record<PreviewState, string> = {
  scheduled: 'Not open yet',
  lobby: 'The waiting room is open',
  'lobby-joined': 'You are in the waiting room',
  open: 'Join the line',
  challenge: 'Join the line',
  'waiting-far': 'You are in line',
  'waiting-near': 'It is nearly your turn',
  admitted: 'It is your turn',
  done: 'Your order is placed',
  expired: 'Your turn has passed',
  left: 'You have left the line',
  paused: 'The line is paused',
  sold_out: 'Sold out before your turn',
  closed: 'This sale is over',
};

test.each([
  { script: true, width: 1_440, name: 'with a script' },
  { script: false, width: 390, name: 'without JavaScript, on a telephone' },
])(
  'an admin steps through each state of a draft’s page, and joins by none, $name',
  async ({ script, width }) => {
    const name = `Draft ${process.pid}-${width}`;
    const { saleId, link } = await draftWithLink(name);
    expect(link.states).toEqual(previewStates);
    const { edgeUrl } = stack.info();
    expect(link.url.startsWith(`${edgeUrl}/preview/`)).toBe(true);
    const { page, faults, strangers, close } = await openTab(browser, {
      script,
      origins: [edgeUrl],
    });
    await page.setViewportSize({ width, height: 860 });
    const posts: string[] = [];
    page.on('request', (request) => {
      if (request.method() !== 'GET') posts.push(request.url());
    });
    await page.goto(link.url);
    for (const [at, state] of previewStates.entries()) {
      if (at > 0) await page.getByRole('link', { name: 'Next' }).click();
      await page.locator(`fieldset[data-preview="${state}"]`).waitFor();
      expect(await page.getByRole('heading', { name: headings[state] }).isVisible()).toBe(true);
      expect(await page.getByRole('heading', { name, exact: true }).isVisible()).toBe(true);
      expect(await page.getByText('Preview: this is not the sale.').isVisible()).toBe(true);
      expect(await page.getByText('One each, please').isVisible()).toBe(true);
      const buttons = await page.getByRole('button').all();
      for (const button of buttons) expect(await button.isDisabled()).toBe(true);
      const wider = await overflow(page);
      expect(`${state}: ${wider}`).toBe(`${state}: 0`);
      if (script) expect(`${state}: ${await axe(page)}`).toBe(`${state}: `);
    }
    expect(await page.getByRole('link', { name: 'Next' }).count()).toBe(0);
    await page.getByRole('link', { name: 'Admitted' }).click();
    await page.getByText('2:00', { exact: true }).waitFor();
    // Even a form that somebody frees goes nowhere: the page's policy forbids it.
    if (script) await pressAnyway(page);
    expect(posts).toEqual([]);
    expect(strangers).toEqual([]);
    expect(faults.filter((fault) => !fault.includes('form-action'))).toEqual([]);
    expect(await page.context().cookies()).toEqual([]);
    await close();
    expect((await call(`${edgeUrl}/sales/${saleId}`)).status).toBe(404);
    const { joinedTotal } = await stack.control.figures(saleId);
    expect(joinedTotal).toBe(0);
  },
  60_000,
);

/** How much wider than the window the page is. */
async function overflow(page: Page): Promise<number> {
  return z.number().parse(await page.evaluate('document.documentElement.scrollWidth - innerWidth'));
}

async function pressAnyway(page: Page): Promise<void> {
  await page.evaluate(`new Promise((resolve) => {
    document.querySelector('fieldset').removeAttribute('disabled');
    document.addEventListener('securitypolicyviolation', resolve, { once: true });
    document.querySelector('form[data-form="buy"]').requestSubmit();
  }).then(() => undefined)`);
}

const axeSource = readFileSync(
  createRequire(import.meta.url).resolve('axe-core/axe.min.js'),
  'utf8',
);
const axeShape = z.array(
  z.object({ id: z.string(), nodes: z.array(z.object({ html: z.string() })) }),
);

/** What axe finds wrong, in words; '' for nothing. */
async function axe(page: Page): Promise<string> {
  await page.evaluate(axeSource);
  const found = axeShape.parse(
    await page.evaluate('axe.run().then(({ violations }) => violations)'),
  );
  return found
    .map(({ id, nodes }) => `${id} ${nodes.map(({ html }) => html).join(' ')}`)
    .join('; ');
}
