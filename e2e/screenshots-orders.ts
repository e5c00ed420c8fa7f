import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { RoomSettingsPatch } from '@fairgate/shared/sale.ts';
import type { Browser, Page } from 'playwright-core';
import { readStackInfo, type StackInfo } from '../scripts/stack/info.ts';
import { repositoryFolder } from '../scripts/toolchain/folders.ts';
import { openBrowser } from './support/browser.ts';
import { cards, checkoutClient, orderInState } from './support/checkout-client.ts';
import { controlClient } from './support/control-client.ts';
import { edgeClient, tokenWhenAdmitted } from './support/edge-client.ts';
import { openDoors } from './support/fixtures.ts';
import { startTestStack } from './support/own-stack.ts';
import type { RedemptionAnswer } from './support/shapes.ts';
import { waitFor } from './support/wait.ts';

// `node scripts/run.mjs e2e/screenshots-orders.ts`: the checkout and order pages in each state, of a stack
// that really runs.

const folder = join(repositoryFolder, 'docs', 'images', 'states');
const view = { width: 390, height: 844 };

type Concert = { saleId: string; productId: string };
type Stage = { info: StackInfo; browser: Browser; edge: ReturnType<typeof edgeClient> };

async function openTab({ browser }: Stage, locale: string, dark: boolean): Promise<Page> {
  const colorScheme = dark ? 'dark' : 'light';
  return await browser.newPage({ viewport: view, locale, colorScheme });
}

const save = (page: Page, name: string) =>
  page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });

const controlOf = ({ info }: Stage) => controlClient(info.controlUrl, info.adminKey);

async function openConcert(stage: Stage, room: RoomSettingsPatch): Promise<Concert> {
  const control = controlOf(stage);
  const productId = await control.createProduct({
    name: 'Hall A, standing',
    description: 'One evening, one hall.',
    priceMinor: 4_500,
    currency: 'EUR',
    stock: 100,
  });
  const saleId = await control.createSale({
    name: 'Fairgate Live',
    productIds: [productId],
    startsAt: new Date(Date.now() - 60_000).toISOString(),
    publish: true,
    room: { ...openDoors, ...room },
  });
  await waitFor(
    'the sale being open',
    5,
    async () => (await stage.edge.sale(saleId)).state === 'open',
  );
  return { saleId, productId };
}

/** A page of a sale with a token, or without one. */
async function checkoutPage(stage: Stage, sale: Concert, name: string): Promise<void> {
  const page = await openTab(stage, 'en-GB', false);
  const address = `${stage.info.edgeUrl}/checkout?sale=${sale.saleId}`;
  await page.goto(address);
  await save(page, `${name}-no-token`);
  await page.goto('about:blank');
  await page.goto(`${address}#token=${await tokenOf(stage, sale)}`);
  await page.getByLabel(/e-?mail/i).fill('ada@example.com');
  await save(page, name);
  await page.route('**/v1/redemptions', (route) => route.abort());
  await page.getByRole('button', { name: 'Reserve now' }).click();
  await page.getByText('Nothing is lost').waitFor();
  await save(page, `${name}-fault`);
  await page.close();
}

async function tokenOf({ edge }: Stage, { saleId }: Concert): Promise<string> {
  const { ticket } = await edge.join(saleId);
  return await tokenWhenAdmitted(edge, saleId, ticket);
}

type OrderWish = {
  locale?: string;
  dark?: boolean;
  /** What happens to the order before its page is opened. */
  before?(order: RedemptionAnswer): Promise<unknown>;
  /** What is done on the page. */
  on?(page: Page): Promise<unknown>;
};

async function orderPage(stage: Stage, sale: Concert, name: string, wish: OrderWish = {}) {
  const { edgeUrl } = stage.info;
  const { productId } = sale;
  const made = await checkoutClient(edgeUrl).redeem({
    token: await tokenOf(stage, sale),
    productId,
  });
  await wish.before?.(made);
  const page = await openTab(stage, wish.locale ?? 'en-GB', wish.dark ?? false);
  const cookie = { name: `fg_order_${made.order.id}`, value: made.orderKey, url: edgeUrl };
  await page.context().addCookies([cookie]);
  await page.goto(`${edgeUrl}/checkout/orders/${made.order.id}`);
  await page.getByRole('heading', { level: 1 }).waitFor();
  await wish.on?.(page);
  await save(page, name);
  await page.close();
}

async function photograph(stage: Stage): Promise<void> {
  const { info } = stage;
  const control = controlOf(stage);
  const checkout = checkoutClient(info.edgeUrl);
  const sale = await openConcert(stage, { maxUnitsPerShopper: 4 });
  const hasty = await openConcert(stage, { paySeconds: 50 });
  const brief = await openConcert(stage, { paySeconds: 10 });
  const paid = async (made: RedemptionAnswer) => {
    await checkout.pay(made.order.id, made.orderKey);
    await orderInState(checkout, made, 'paid');
  };
  await checkoutPage(stage, sale, 'checkout');
  await orderPage(stage, sale, 'order-awaiting');
  await orderPage(stage, sale, 'order-awaiting-arabic-dark', { locale: 'ar', dark: true });
  await orderPage(stage, hasty, 'order-soon-over', {
    on: (page) => page.getByText('left to pay').waitFor(),
  });
  await orderPage(stage, sale, 'order-give-back', {
    on: (page) => page.getByText('Cancel and give back').click(),
  });
  await orderPage(stage, sale, 'order-declined', {
    before: ({ order, orderKey }) => checkout.tryPay(order.id, orderKey, cards.declined),
    on: (page) => page.getByText('was declined').waitFor(),
  });
  await orderPage(stage, sale, 'order-paying', {
    before: ({ order, orderKey }) => checkout.tryPay(order.id, orderKey, cards.paysAfter3Seconds),
  });
  await orderPage(stage, sale, 'order-offline', {
    async on(page) {
      await page.context().setOffline(true);
      await page.getByText('No connection').waitFor();
    },
  });
  await orderPage(stage, sale, 'order-paid', { before: paid });
  await orderPage(stage, sale, 'order-cancelled', {
    before: ({ order, orderKey }) => checkout.cancel(order.id, orderKey),
  });
  await orderPage(stage, brief, 'order-expired', {
    before: (made) => orderInState(checkout, made, 'expired', 30),
  });
  await orderPage(stage, sale, 'order-refunded', {
    async before(made) {
      await paid(made);
      await control.raw(`/v1/orders/${made.order.id}/refund`, { method: 'POST' });
      await orderInState(checkout, made, 'refunded');
    },
  });
}

mkdirSync(folder, { recursive: true });
const [stack, browser] = await Promise.all([startTestStack(), openBrowser()]);
try {
  const info = readStackInfo(stack.infoFile);
  await photograph({ info, browser, edge: edgeClient(info.edgeUrl) });
  console.log(`the states of the checkout and order pages are in ${folder}`);
} finally {
  await browser.close();
  await stack.stop();
}
process.exit();
