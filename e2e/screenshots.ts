import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { readStackInfo } from '../scripts/stack/info.ts';
import { repositoryFolder } from '../scripts/toolchain/folders.ts';
import { openBrowser } from './support/browser.ts';
import { cards } from './support/checkout-client.ts';
import { type ControlClient, controlClient } from './support/control-client.ts';
import { type EdgeClient, edgeClient } from './support/edge-client.ts';
import { mapBounded } from './support/http.ts';
import { startTestStack } from './support/own-stack.ts';
import { waitFor } from './support/wait.ts';

// `node scripts/run.mjs e2e/screenshots.ts`: the README's pictures, of a stack that really runs.

const folder = join(repositoryFolder, 'docs', 'images');
const peopleAhead = 137;
const peopleBehind = 264;
const view = { width: 440, height: 640 };

async function openConcert(control: ControlClient, edge: EdgeClient): Promise<string> {
  const productId = await control.createProduct({
    name: 'Hall A, standing',
    description: 'One evening, one hall.',
    priceMinor: 4_500,
    currency: 'EUR',
    stock: 250,
  });
  const saleId = await control.createSale({
    name: 'Fairgate Live',
    productIds: [productId],
    startsAt: new Date(Date.now() - 120_000).toISOString(),
    publish: true,
    room: { admitPerMinute: 0, abandonSeconds: 15 },
  });
  await waitFor('the sale being open', 5, async () => (await edge.sale(saleId)).state === 'open');
  return saleId;
}

async function joinMany(edge: EdgeClient, saleId: string, count: number): Promise<void> {
  await mapBounded(Array.from({ length: count }), 20, () => edge.join(saleId));
}

/** One shopper's way, with a picture of each page that matters. */
async function photograph(
  page: Page,
  { edgeUrl, control, edge }: { edgeUrl: string; control: ControlClient; edge: EdgeClient },
): Promise<void> {
  const saleId = await openConcert(control, edge);
  const picture = (name: string) => page.screenshot({ path: join(folder, `${name}.png`) });
  await joinMany(edge, saleId, peopleAhead);
  await page.goto(`${edgeUrl}/sales/${saleId}`);
  await page.getByRole('button', { name: 'Join the line' }).click();
  await page.getByRole('heading', { name: 'You are in line' }).waitFor();
  await joinMany(edge, saleId, peopleBehind);
  // Slow enough for the picture to show a wait.
  await control.setRoom(saleId, { admitPerMinute: 40 });
  await page.getByText(`${peopleBehind}`, { exact: true }).waitFor();
  await page
    .getByText(/minutes/)
    .first()
    .waitFor();
  await picture('waiting');

  await control.setRoom(saleId, { admitPerMinute: 600_000, maxActive: 10_000 });
  await page.getByRole('button', { name: 'Go to the checkout' }).click({ timeout: 30_000 });
  await page.getByLabel(/e-?mail/i).fill('ada@example.com');
  await picture('checkout');
  await page.getByRole('button', { name: 'Reserve now' }).click();
  await page.getByLabel('Card number').fill(cards.pays);
  await page.getByRole('button', { name: /^Pay/ }).click();
  await page.getByRole('heading', { name: 'Paid' }).waitFor();
  await picture('order');
}

/** The three pictures beside each other, as the README shows them. */
async function joinPictures(browser: Browser): Promise<void> {
  const pictures = ['waiting', 'checkout', 'order'].map((name) => {
    const data = readFileSync(join(folder, `${name}.png`)).toString('base64');
    return `<img width="${view.width}" alt="" src="data:image/png;base64,${data}">`;
  });
  const page = await browser.newPage({ viewport: { width: 1_400, height: 680 } });
  await page.setContent(`<style>
    body { margin: 20px; display: flex; gap: 20px; background: #e4e6ea; }
    img { border-radius: 14px; box-shadow: 0 2px 10px rgb(0 0 0 / 12%); }
  </style>${pictures.join('')}`);
  await page.screenshot({ path: join(folder, 'way.png') });
}

mkdirSync(folder, { recursive: true });
const [stack, browser] = await Promise.all([startTestStack(), openBrowser()]);
try {
  const info = readStackInfo(stack.infoFile);
  const page = await browser.newPage({ viewport: view, locale: 'en-GB' });
  await photograph(page, {
    edgeUrl: info.edgeUrl,
    control: controlClient(info.controlUrl, info.adminKey),
    edge: edgeClient(info.edgeUrl),
  });
  await joinPictures(browser);
  console.log(`waiting.png, checkout.png, order.png and way.png are in ${folder}`);
} finally {
  await browser.close();
  await stack.stop();
}
process.exit();
