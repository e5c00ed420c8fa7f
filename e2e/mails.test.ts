import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { buy } from './support/checkout-client.ts';
import { newToken } from './support/edge-client.ts';
import { type Fixture, openSale } from './support/fixtures.ts';
import { answered } from './support/http.ts';
import { type CaughtMail, mailsTo } from './support/mailbox.ts';
import { redemptionShape } from './support/shapes.ts';
import { type SharedStack, sharedStack } from './support/stack.ts';
import { waitFor } from './support/wait.ts';

let stack: SharedStack;
let sale: Fixture;
beforeAll(async () => {
  stack = await sharedStack();
  sale = await openSale(stack.control, stack.edge, { units: 50, priceMinor: 1_999 });
});
afterAll(() => stack?.close());

const addressOf = (name: string) => `${name}-${sale.saleId}@example.com`;

async function mailsAbout(orderId: string, address: string): Promise<CaughtMail[]> {
  const mails = await mailsTo(stack.info().mailUrl, address);
  return mails.filter(({ text }) => text.includes(orderId));
}

/** What became of each notice of an order, by its kind. */
async function outcomesOf(orderId: string): Promise<Record<string, string | null>> {
  const rows = await stack.sql<{ kind: string; outcome: string | null }[]>`
    select kind, outcome from notices where order_id = ${orderId}`;
  return Object.fromEntries(rows.map(({ kind, outcome }) => [kind, outcome]));
}

const redeemed = async (email: string, body: object = {}) => {
  const bearer = await newToken(stack.edge, sale.saleId);
  const items = [{ productId: sale.productId, quantity: 1 }];
  const json = { items, email, ...body };
  const answer = await stack.checkout.raw('/v1/redemptions', { method: 'POST', bearer, json });
  return answered(answer, 201, redemptionShape);
};

test('a mail speaks the language of the order, opens nothing, and ends with one click from anywhere', async () => {
  const email = addressOf('one-click');
  const { order, orderKey } = await redeemed(email, { language: 'ar' });
  const [mail] = await waitFor('the mail', 15, async () => {
    const found = await mailsAbout(order.id, email);
    return found.length > 0 ? found : undefined;
  });
  expect(mail?.html).toContain('<html lang="ar" dir="rtl">');
  const links = [...(mail?.html ?? '').matchAll(/href="([^"]+)"/g)].map(([, href]) => href ?? '');
  const { edgeUrl } = stack.info();
  const [page = '', end = ''] = links;
  expect(page).toBe(`${edgeUrl}/checkout/orders/${order.id}`);
  // The link alone shows nothing of the order to whoever has the mail.
  expect((await fetch(page)).status).toBe(404);
  expect(mail?.html).not.toContain(orderKey);

  expect((await fetch(end)).status).toBe(200);
  const click = { method: 'POST', headers: { origin: 'https://mail.example' } };
  expect((await fetch(end, { ...click, body: 'List-Unsubscribe=One-Click' })).status).toBe(200);
  await stack.checkout.cancel(order.id, orderKey);
  await waitFor('the end that is not told', 15, async () => {
    return (await outcomesOf(order.id))['order-cancelled'] === 'unsubscribed';
  });
  // Money is told of all the same, and others of the sale are told everything.
  const token = await newToken(stack.edge, sale.saleId);
  const paid = await buy(stack.checkout, { token, productId: sale.productId, email });
  await waitFor('the receipt', 15, async () => {
    return (await outcomesOf(paid.order.id))['order-paid'] === 'sent';
  });
  expect(await mailsAbout(paid.order.id, email)).toHaveLength(1);
});

test('a mail server that hangs slows no order; once it goes on each receipt arrives, and arrives once', async () => {
  const email = addressOf('hanging');
  const mailbox = stack.info().processes.find(({ name }) => name === 'mailbox');
  if (mailbox === undefined) throw new Error('the stack has no mailbox');
  process.kill(mailbox.pid, 'SIGSTOP');
  onTestFinished(() => void process.kill(mailbox.pid, 'SIGCONT'));
  const tokens = await Promise.all(
    Array.from({ length: 6 }, () => newToken(stack.edge, sale.saleId)),
  );
  const { productId } = sale;
  const orders: string[] = [];
  for (const token of tokens) {
    const begunMs = performance.now();
    const { order } = await buy(stack.checkout, { token, productId, email });
    expect(performance.now() - begunMs).toBeLessThan(5_000);
    orders.push(order.id);
  }
  await waitFor('attempts that were given up', 40, async () => {
    const [row] = await stack.sql`
      select count(*)::int as n from notices where order_id = any(${orders})
        and kind = 'order-paid' and sent_at is null and created_at < '2000-01-01'`;
    return row?.n > 2;
  });
  process.kill(mailbox.pid, 'SIGCONT');
  await waitFor('all receipts', 90, async () => {
    const outcomes = await Promise.all(orders.map(outcomesOf));
    return outcomes.every((one) => one['order-paid'] === 'sent');
  });
  for (const id of orders) {
    const subjects = (await mailsAbout(id, email)).map(({ subject }) => subject);
    expect(subjects.filter((subject) => /receipt/i.test(subject))).toHaveLength(1);
    expect(new Set(subjects).size).toBe(subjects.length);
  }
  // Whoever has paid is not asked to pay, unless that mail was on its way as the server stopped.
  const asked = (await Promise.all(orders.map(outcomesOf))).map((one) => one['order-placed']);
  expect(asked.filter((outcome) => outcome === 'too-late').length).toBeGreaterThan(0);
  await stack.addsUp(sale);
}, 180_000);
