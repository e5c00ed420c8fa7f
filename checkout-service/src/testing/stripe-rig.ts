import Stripe from 'stripe';
import { policyFigures } from '../adapters/provider-policy.ts';
import { stripeClient } from '../adapters/stripe-client.ts';
import type { PaymentProvider } from '../app/provider-ports.ts';
import { makeRig, type Rig, type RigOptions } from './checkout-rig.ts';
import { type PlacedOrder, placeOrder } from './payment-rig.ts';
import {
  declineIntent,
  makeStripe,
  payIntent,
  type StandInIntent,
  type StripeStandIn,
  stripeWebhookSecret as secret,
  stripeEvent,
  stripeKey,
} from './stripe-server.ts';

export type StripeOrder = PlacedOrder & {
  payHere(instance?: number): ReturnType<PlacedOrder['pay']>;
  /** Begins a payment, and gives its intent at Stripe. */
  begin(): Promise<StandInIntent>;
  intents(): StandInIntent[];
  states(): Promise<string[]>;
  /** As if its payments had been silent for so long. */
  silent(seconds?: number): Promise<unknown>;
};

/** For tests: checkouts whose payments go to a stand-in of Stripe, by the real SDK. */
export type StripeRig = {
  rig: Rig;
  stripe: StripeStandIn;
  provider: PaymentProvider;
  place(): Promise<StripeOrder>;
  /** As Stripe would: signed, over HTTP. */
  deliver(event: string): ReturnType<Rig['call']>;
  paid(intent: StandInIntent): ReturnType<Rig['call']>;
  declined(intent: StandInIntent, code?: string): ReturnType<Rig['call']>;
  close(): Promise<void>;
};

export async function makeStripeRig(
  options: Pick<RigOptions, 'databaseUrl'> & Partial<RigOptions>,
): Promise<StripeRig> {
  const stripe = await makeStripe();
  const provider = stripeClient({
    secretKey: stripeKey,
    webhookSecret: secret,
    toleranceSeconds: 300,
    apiUrl: stripe.url,
    figures: { ...policyFigures, callTimeoutMs: 500, totalMs: 2_000, backoffMs: 5 },
  });
  const rig = await makeRig({ units: [100], providers: [provider], loops: true, ...options });
  const deliver = async (text: string) => {
    const signature = Stripe.webhooks.generateTestHeaderString({ payload: text, secret });
    const headers = { 'stripe-signature': signature, 'content-type': 'application/json' };
    return await rig.call('POST', '/webhooks/stripe', { text, headers });
  };
  return {
    rig,
    stripe,
    provider,
    place: () => place(rig, stripe),
    deliver,
    paid: (intent) => deliver(stripeEvent('payment_intent.succeeded', payIntent(intent))),
    declined: (intent, code = 'expired_card') =>
      deliver(stripeEvent('payment_intent.payment_failed', declineIntent(intent, code))),
    async close() {
      await rig.close();
      await stripe.close();
    },
  };
}

async function place(rig: Rig, stripe: StripeStandIn): Promise<StripeOrder> {
  const order = await placeOrder(rig, { email: 'stripe@example.org' });
  const payHere = (instance = 0) => order.pay('', instance, { provider: 'stripe' });
  const intents = () => [...stripe.intents.values()].filter((i) => i.metadata.orderId === order.id);
  return {
    ...order,
    payHere,
    intents,
    async begin() {
      const { status } = await payHere();
      const intent = intents().at(-1);
      if (status !== 202 || !intent) throw new Error(`the payment was answered ${status}`);
      return intent;
    },
    states: async () => (await order.payments()).map((row) => String(row.state)),
    silent: async (seconds = 20) =>
      await rig.sql`
      update payments set updated_at = now() - make_interval(secs => ${seconds}),
        created_at = now() - make_interval(secs => ${seconds + 5})
      where order_id = ${order.id}`,
  };
}
