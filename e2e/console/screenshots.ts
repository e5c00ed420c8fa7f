import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { readStackInfo, type StackInfo } from '../../scripts/stack/info.ts';
import { repositoryFolder } from '../../scripts/toolchain/folders.ts';
import { runCrowd } from '../crowd/crowd.ts';
import { openBrowser } from '../support/browser.ts';
import { type ControlClient, controlClient } from '../support/control-client.ts';
import { startTestStack } from '../support/own-stack.ts';
import { waitFor } from '../support/wait.ts';

// `node scripts/run.mjs e2e/console/screenshots.ts`: the README's pictures of the console, of a sale
// that really runs: a crowd comes, it is paused and told why, goes on faster, and sells out.

const folder = join(repositoryFolder, 'docs', 'images');
const wide = { width: 1_440, height: 900 };
const narrow = { width: 390, height: 844 };
const shoppers = 900;
const units = 420;

type Look = { viewport: { width: number; height: number }; colorScheme: 'light' | 'dark' };

/** A page of the console, signed in. */
async function openConsole(browser: Browser, info: StackInfo, look: Look): Promise<Page> {
  const context = await browser.newContext({ ...look, locale: 'en-GB' });
  const page = await context.newPage();
  await page.goto(`${info.controlUrl}/console`);
  await page.getByLabel('API key').fill(info.adminKey);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('heading', { name: 'Sales', level: 1 }).waitFor();
  return page;
}

const picture = async (page: Page, name: string, fullPage = false) =>
  void (await page.screenshot({ path: join(folder, `console-${name}.png`), fullPage }));

async function makeSales(control: ControlClient): Promise<string> {
  const concert = { priceMinor: 4_500, currency: 'EUR' };
  const standing = { ...concert, name: 'Hall A, standing', stock: units - 120 };
  const seats = { ...concert, name: 'Hall A, balcony', priceMinor: 7_900, stock: 120 };
  const day = 86_400_000;
  const soon = new Date(Date.now() + 3 * day).toISOString();
  const productIds = [await control.createProduct(standing), await control.createProduct(seats)];
  const later = { name: 'Hall B, standing', stock: 800, ...concert };
  const coming = [await control.createProduct(later)];
  await control.createProduct({ ...later, name: 'Hall C, standing' });
  await control.createSale({ name: 'Winter Tour', productIds: coming, startsAt: soon });
  return await control.createSale({
    name: 'Fairgate Live',
    productIds,
    startsAt: new Date(Date.now() - 1_000).toISOString(),
    publish: true,
    room: { admitPerMinute: 240 },
  });
}

/** What an admin does meanwhile, at the console itself. */
async function steer(page: Page, passed: (seconds: number) => Promise<void>): Promise<void> {
  const press = async (name: string) =>
    await page.getByRole('button', { name, exact: true }).first().click();
  await passed(25);
  await press('Pause');
  await page.getByLabel('Message to everybody in line').fill('One moment: we add a counter.');
  await press('Send');
  await passed(40);
  await press('Resume');
  await passed(50);
  await page.getByLabel('People let in a minute').fill('480');
  await press('Set');
}

async function photograph(browser: Browser, info: StackInfo): Promise<void> {
  const control = controlClient(info.controlUrl, info.adminKey);
  const saleId = await makeSales(control);
  const page = await openConsole(browser, info, { viewport: wide, colorScheme: 'light' });
  const dark = await openConsole(browser, info, { viewport: wide, colorScheme: 'dark' });
  const phone = await openConsole(browser, info, { viewport: narrow, colorScheme: 'light' });
  const room = `${info.controlUrl}/console/sales/${saleId}`;
  for (const one of [page, dark, phone]) await one.goto(room);
  const begunMs = Date.now();
  const passed = async (seconds: number) =>
    void (await waitFor(`${seconds} s`, 200, () => Date.now() - begunMs > seconds * 1_000));
  const counts = { shoppers, units, sale: saleId, seed: 5, 'arrival-seconds': 70 };
  const shares = { leave: 0.03, 'never-pay': 0, decline: 0.04, absent: 0.02 };
  const limits = { stack: '', concurrency: 32, 'max-seconds': 300 };
  const options = { ...counts, ...shares, ...limits };
  const crowd = runCrowd(options, { edgeUrl: info.edgeUrl, control, say: () => {} });
  await steer(page, passed);
  await passed(75);
  await page.locator('.toast').first().waitFor({ state: 'detached' });
  await picture(page, 'room');
  await picture(dark, 'room-dark');
  await picture(phone, 'room-narrow');
  await crowd;
  await control.move(saleId, 'close');
  await waitFor('the log being audited', 30, async () => {
    const { text } = await control.raw(`/v1/sales/${saleId}/fairness`);
    const { auditedSeq, logSeq } = JSON.parse(text);
    return auditedSeq === logSeq;
  });
  await page.goto(`${room}/summary`);
  await page.getByText('each in their turn').waitFor();
  await picture(page, 'summary', true);
  await photographWizard(page, info);
}

/** The last step: what is to be looked at before a sale is published. */
async function photographWizard(page: Page, info: StackInfo): Promise<void> {
  const press = async (name: string) =>
    await page.getByRole('button', { name, exact: true }).click();
  await page.goto(`${info.controlUrl}/console/new`);
  await page.getByLabel('Hall C, standing').check();
  await press('Next: times');
  await page.getByLabel('Name').fill('Spring Tour');
  await page.getByLabel('Starts').fill('2031-03-01T18:00');
  await press('Next: waiting room');
  await page.getByLabel('People let in a minute').fill('60000');
  await press('Next: check it');
  await page.locator('.finding').first().waitFor();
  await picture(page, 'checks');
}

mkdirSync(folder, { recursive: true });
const [stack, browser] = await Promise.all([startTestStack(), openBrowser()]);
try {
  await photograph(browser, readStackInfo(stack.infoFile));
  console.log(`console-*.png are in ${folder}`);
} finally {
  await browser.close();
  await stack.stop();
}
process.exit();
