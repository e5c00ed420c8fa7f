import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { axeFindings, pixelsTooWide } from '../../../e2e/support/axe.ts';
import { freshDatabaseUrl } from '../../../e2e/support/stores.ts';
import { makePageRig, type PageRig, type ShopperWish } from '../testing/page-rig.ts';
import { cards, type PlacedOrder, placeOrder } from '../testing/payment-rig.ts';

// A browser on a machine that is busy with other tests.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 120_000 });

let pages: PageRig;
beforeAll(async () => {
  pages = await makePageRig({ databaseUrl: await freshDatabaseUrl(afterAll), paySeconds: 200 });
});
afterAll(() => pages?.close());

type Opened = Awaited<ReturnType<PageRig['shopper']>> & { order: PlacedOrder; address: string };

/** The page of an order, in the browser that made it. */
async function open(wish: ShopperWish = {}, made?: PlacedOrder): Promise<Opened> {
  const order = made ?? (await placeOrder(pages.rig));
  const shopper = await pages.shopper(wish);
  const cookie = { name: `fg_order_${order.id}`, value: order.key, url: pages.origin };
  await shopper.context.addCookies([cookie]);
  const address = `${pages.origin}/checkout/orders/${order.id}`;
  await shopper.page.goto(address);
  return { ...shopper, order, address };
}

const heading = (page: Page, name: string) => page.getByRole('heading', { name, level: 1 });
const button = (page: Page, name: string | RegExp) => page.getByRole('button', { name });
const card = (page: Page) => page.getByLabel('Card number');
const focusedId = 'document.activeElement.id';
const focusedText = 'document.activeElement.textContent';
/** Gone as soon as the page is loaded anew. */
const mark = (page: Page) => page.evaluate('window.isTheSame = true');
const isTheSame = (page: Page) => page.evaluate('window.isTheSame === true');

describe('the page of an order', () => {
  test('is live: what changes is put in where one reads, and what one types stays, with the focus', async () => {
    const { page, order, faults } = await open();
    await mark(page);
    await card(page).fill('4242 4242');
    await order.pay(cards.declined);
    await page.getByRole('alert').filter({ hasText: 'The payment was declined' }).waitFor();
    expect(await card(page).inputValue()).toBe('4242 4242');
    expect(await page.evaluate(focusedId)).toBe('card');
    await order.pay();
    await heading(page, 'Paid').waitFor();
    await page.locator('#said').filter({ hasText: 'Thank you. Your order is complete.' }).waitFor();
    expect(await page.title()).toBe('Paid – Test sale');
    // A refund comes when nobody waits for it: whoever looks again sees it.
    await order.refund();
    await page.evaluate(`document.dispatchEvent(new Event('visibilitychange'))`);
    await heading(page, 'Refunded').waitFor();
    expect(await isTheSame(page)).toBe(true);
    expect(faults).toEqual([]);
  });

  test('takes a card where one is, and says what is wrong with it', async () => {
    const { page, faults } = await open();
    await mark(page);
    await card(page).fill('1234 5678 9012 345x');
    await button(page, /^Pay €/).click();
    const wrong = page.getByRole('alert').filter({ hasText: 'The card number is not right' });
    await wrong.waitFor();
    expect(await page.evaluate(focusedId)).toBe('mistake');
    expect(await card(page).inputValue()).toBe('1234 5678 9012 345x');
    await card(page).fill(cards.pays);
    await page.keyboard.press('Enter');
    await heading(page, 'Paid').waitFor();
    expect(await wrong.count()).toBe(0);
    expect(await isTheSame(page)).toBe(true);
    // The refusal itself, which a browser notes by itself.
    expect(faults.filter((fault) => !fault.includes('status of 400'))).toEqual([]);
  });

  test('warns a minute before the time to pay is over, and has more of it, once', async () => {
    const { page, order } = await open();
    await order.read();
    await pages.rig.sql`
      update orders set pay_before = now() + interval '61 seconds', version = version + 1
      where id = ${order.id}`;
    const soon = page
      .locator('#soon')
      .filter({ hasText: /^Only (1 minute|5\d seconds) left to pay\./ });
    await soon.waitFor();
    expect(await soon.textContent()).toContain(
      '“I need more time” gives you 3 minutes 20 seconds more, once.',
    );
    expect(await axeFindings(page)).toEqual([]);
    const more = button(page, 'I need more time');
    await more.focus();
    await page.keyboard.press('Enter');
    const given = /You have more time: 4 minutes( \d+ seconds?)? to pay\./;
    await page.locator('#said').filter({ hasText: given }).waitFor();
    await expect.poll(() => page.locator('#soon').textContent()).toBe('');
    expect(await more.count()).toBe(0);
    expect(await page.locator('#pay-before').textContent()).toMatch(/^4:\d\d$/);
  });

  test('is given back after one more question, which is not asked by accident', async () => {
    const { page, order } = await open();
    await page.getByText('Cancel and give back').click();
    await page.getByText('Really give the units back?').waitFor();
    expect((await order.read()).state).toBe('awaiting_payment');
    await button(page, 'Yes, give them back').click();
    await heading(page, 'Cancelled').waitFor();
    expect(await page.evaluate('document.activeElement.tagName')).toBe('H1');
  });

  test('lets no button be busy for ever: a connection that stalls is told after ten seconds', async () => {
    const { page, order } = await open();
    await page.clock.install();
    const isAsked = page.waitForRequest((request) => request.method() === 'POST');
    await page.route('**/extend', () => {});
    const more = button(page, 'I need more time');
    await more.click();
    await isAsked;
    expect(await more.getAttribute('aria-disabled')).toBe('true');
    await page.clock.runFor(10_000);
    await page.locator('#connection').filter({ hasText: 'Nothing is lost' }).waitFor();
    expect(await more.getAttribute('aria-disabled')).toBe('false');
    await page.unroute('**/extend');
    await more.click();
    await expect.poll(() => more.count()).toBe(0);
    expect((await order.read()).state).toBe('awaiting_payment');
  });

  test('can be paid, and given back, by keyboard alone', async () => {
    const { page } = await open();
    const reach = async (what: string) => {
      for (let at = 0; at < 30; at += 1) {
        await page.keyboard.press('Tab');
        if ((await page.evaluate(focusedText)) === what) return;
      }
      throw new Error(`${what} is not reached by Tab`);
    };
    await reach('Cancel and give back');
    await page.keyboard.press('Enter');
    await reach('Yes, give them back');
    await page.keyboard.press('Enter');
    await heading(page, 'Cancelled').waitFor();
    const other = await open();
    for (let at = 0; at < 30; at += 1) {
      await other.page.keyboard.press('Tab');
      if ((await other.page.evaluate(focusedId)) === 'card') break;
    }
    await other.page.keyboard.type(cards.pays);
    await other.page.keyboard.press('Tab');
    await other.page.keyboard.press('Enter');
    await heading(other.page, 'Paid').waitFor();
  });

  test('is printed as a receipt, without what can only be pressed', async () => {
    const order = await placeOrder(pages.rig);
    await order.pay();
    await order.reaches('paid');
    const { page } = await open({}, order);
    await page.evaluate('window.print = () => { window.isPrinted = true }');
    await button(page, 'Print').click();
    expect(await page.evaluate('window.isPrinted')).toBe(true);
    await page.emulateMedia({ media: 'print' });
    expect(await button(page, 'Print').isVisible()).toBe(false);
    expect(await page.getByText(order.unit).isVisible()).toBe(true);
    expect(await page.getByText('Language').isVisible()).toBe(false);
  });

  test('forgets what a bank’s page has added to its address', async () => {
    const { page, address } = await open();
    await page.goto(`${address}?payment_intent=pi_1&payment_intent_client_secret=a_secret`);
    await card(page).waitFor();
    expect(page.url()).toBe(address);
  });
});

describe('without a script', () => {
  test('an order is placed, given more time, paid, and shown paid', async () => {
    const { page, faults } = await pages.shopper({ script: false });
    const token = await pages.rig.token();
    await page.setContent(`<form method="post" action="${pages.origin}/checkout?sale=${pages.rig.saleId}">
      <input name="token" value="${token}"><button>Buy</button></form>`);
    await button(page, 'Buy').click();
    await page.getByLabel('E-mail').fill('a@b.example');
    await button(page, 'Reserve now').click();
    await heading(page, 'Reserved for you').waitFor();
    await button(page, 'I need more time').click();
    await expect.poll(() => button(page, 'I need more time').count()).toBe(0);
    await card(page).fill(cards.declined);
    await button(page, /^Pay €/).click();
    // It comes anew by itself until the provider has answered.
    await page.getByText('The payment was declined').waitFor();
    await card(page).fill(cards.slow);
    await button(page, /^Pay €/).click();
    await heading(page, 'Payment under way').waitFor();
    await heading(page, 'Paid').waitFor();
    expect(faults).toEqual([]);
  });

  test('an order is given back after one more question', async () => {
    const { page } = await open({ script: false });
    await page.getByText('Cancel and give back').click();
    await button(page, 'Yes, give them back').click();
    await heading(page, 'Cancelled').waitFor();
  });
});

const narrow = { width: 320, height: 256 };
/** What brings an order into each state. */
const states: Record<string, (order: PlacedOrder) => Promise<unknown>> = {
  awaiting: async () => {},
  paying: (order) => order.pay(cards.slow),
  declined: async (order) => {
    await order.pay(cards.declined);
    await expect.poll(async () => (await order.read()).failure).toBeDefined();
  },
  paid: async (order) => {
    await order.pay();
    await order.reaches('paid');
  },
  expired: async (order) => {
    await order.runsOut();
    await order.reaches('expired');
  },
  cancelled: (order) => order.cancel(),
};

test.each(
  Object.keys(states).flatMap((name) => ['en-GB', 'ar', 'de-DE'].map((locale) => [name, locale])),
)(
  'axe has nothing against the page of an order that is %s, and it fits 320 pixels: %s',
  async (name, locale) => {
    const order = await placeOrder(pages.rig);
    await states[name ?? '']?.(order);
    const { page, context, faults } = await open({ locale: locale ?? '', viewport: narrow }, order);
    for (const details of await page.locator('main details > summary').all()) await details.click();
    expect(await axeFindings(page)).toEqual([]);
    expect(await pixelsTooWide(page)).toBeLessThanOrEqual(0);
    expect(faults).toEqual([]);
    await context.close();
  },
);
