import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { freshDatabaseUrl } from '../../e2e/support/stores.ts';
import { sandboxClient } from './adapters/sandbox-client.ts';
import { eventually, makeRig, type Rig } from './testing/checkout-rig.ts';
import { cards, type PlacedOrder, placeOrder } from './testing/payment-rig.ts';
import { makeSandbox, type SandboxRig, webhookSecret } from './testing/sandbox-rig.ts';
import { makeStripeRig, type StripeRig } from './testing/stripe-rig.ts';

let rig: Rig;
let sandbox: SandboxRig;
let shop: StripeRig;
beforeAll(async () => {
  let turn = 0;
  sandbox = await makeSandbox(async (request) => {
    turn += 1;
    return await rig.services[turn % 2]!.fetch(request);
  });
  const databaseUrl = await freshDatabaseUrl(afterAll);
  const providers = [sandbox.provider];
  rig = await makeRig({ databaseUrl, units: [60], instances: 2, providers, loops: true });
  shop = await makeStripeRig({ databaseUrl: await freshDatabaseUrl(afterAll), instances: 2 });
});
afterAll(async () => {
  await Promise.all([rig.close(), shop.close()]);
  await sandbox.close();
});
afterEach(() => sandbox.misbehave());

const statesOf = async (order: PlacedOrder) => (await order.payments()).map(({ state }) => state);
const isOpen = (state: string) => ['processing', 'refunding', 'late'].includes(state);
const paidTimes = async (order: PlacedOrder) =>
  (await order.actions()).filter((action) => action === 'order.paid').length;

describe('two pays and a cancel at once, on two instances', () => {
  it('are one payment at most; the order is paid by it, or cancelled and no money kept', async () => {
    const seen = new Set<string>();
    for (let i = 0; i < 12; i += 1) {
      const order = await placeOrder(rig);
      const answers = await Promise.all([
        order.pay(cards.pays, 0),
        order.pay(cards.pays, 1),
        order.cancel(i % 2),
      ]);
      const [one, other, cancel] = answers.map(({ status }) => status);
      expect([one, other].filter((status) => status === 202).length).toBeLessThanOrEqual(1);
      expect([200, 409]).toContain(cancel);
      await eventually(async () => !(await statesOf(order)).some(isOpen));
      const { state } = await order.read();
      expect(state).toBe(cancel === 200 ? 'cancelled' : 'paid');
      const kept = (await statesOf(order)).filter((it) => it === 'succeeded');
      expect(kept).toHaveLength(state === 'paid' ? 1 : 0);
      seen.add(state);
    }
    expect(seen.size).toBeGreaterThan(0);
    const [stock] = Object.values(await rig.stock());
    expect(stock?.held).toBe(0);
  });
});

describe('a payment by Stripe that is begun four times at once, on two instances', () => {
  it('is one payment, one intent and one secret', async () => {
    const order = await shop.place();
    const answers = await Promise.all([0, 1, 0, 1].map((instance) => order.payHere(instance)));
    expect(answers.map(({ status }) => status)).toEqual([202, 202, 202, 202]);
    expect(new Set(answers.map(({ body }) => body.payment.clientSecret)).size).toBe(1);
    expect(order.intents()).toHaveLength(1);
    expect(await order.states()).toEqual(['processing']);
  });
});

describe('a webhook', () => {
  it('that comes before the answer to our own call pays the order, and the answer changes nothing', async () => {
    sandbox.misbehave({ webhooks: { beforeAnswer: true } });
    const order = await placeOrder(rig);
    expect((await order.pay()).status).toBe(202);
    expect((await order.read()).state).toBe('paid');
    const [payment] = await order.payments();
    expect(payment).toMatchObject({ state: 'succeeded' });
    expect(payment?.reference).toMatch(/^sbx_/);
    expect(await paidTimes(order)).toBe(1);
  });

  it('of a decline that comes before the answer leaves the order to be paid again', async () => {
    sandbox.misbehave({ webhooks: { beforeAnswer: true } });
    const order = await placeOrder(rig);
    expect((await order.pay(cards.declined)).status).toBe(202);
    expect(await order.read()).toMatchObject({ failure: 'card_declined' });
    expect((await order.pay()).status).toBe(202);
    expect((await order.read()).state).toBe('paid');
  });

  it('that money went back, and comes before that it came, leaves the order unpaid', async () => {
    sandbox.misbehave({ webhooks: { reorder: true } });
    const order = await placeOrder(rig);
    const { body } = await order.pay();
    const known = await eventually(async () => {
      const payment = sandbox.itself.find(body.payment.id);
      return payment?.state === 'succeeded' && payment;
    });
    const before = sandbox.deliveries.length;
    sandbox.itself.refund(known.reference);
    await eventually(async () => sandbox.deliveries.length === before + 2);
    await eventually(async () => (await statesOf(order)).join() === 'refunded');
    expect((await order.read()).state).toBe('awaiting_payment');
    expect(await paidTimes(order)).toBe(0);
    expect((await order.cancel()).status).toBe(200);
  });
});

describe('a provider that is away', () => {
  it('is shown by its open breaker in the figures, and leaves the instance ready', async () => {
    const nowhere = { url: 'http://127.0.0.1:1', webhookSecret, toleranceSeconds: 300 };
    const providers = [sandboxClient(nowhere)];
    const databaseUrl = await freshDatabaseUrl();
    const away = await makeRig({ databaseUrl, units: [5], providers });
    onTestFinished(() => away.close());
    for (let i = 0; i < 5; i += 1) {
      const order = await placeOrder(away);
      expect((await order.pay()).status).toBe(503);
    }
    const ready = await away.call('GET', '/readyz');
    expect([ready.status, ready.body.breakers]).toEqual([200, { sandbox: 'open' }]);
    const { body } = await away.call('GET', '/metrics');
    expect(body).toContain('fairgate_breaker_state{provider="sandbox"} 2');
  });
});
