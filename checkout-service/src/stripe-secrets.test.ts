import { expect, onTestFinished, test } from 'vitest';
import { freshDatabaseUrl } from '../../e2e/support/stores.ts';
import { makeLog } from './adapters/log.ts';
import { policyFigures } from './adapters/provider-policy.ts';
import { stripeClient } from './adapters/stripe-client.ts';
import { makeRig } from './testing/checkout-rig.ts';
import {
  makeStripe,
  type StripeFault,
  stripeEvent,
  stripeKey,
  stripeWebhookSecret,
} from './testing/stripe-server.ts';

const faults: (StripeFault | null)[] = [null, 'fails', 'throttles', 'hangs', 'resets'];

test('no key, signing secret or client secret of Stripe is in the log, or told to anyone but its shopper', async () => {
  const lines: string[] = [];
  const log = makeLog('trace', {}, { write: (line) => void lines.push(line) });
  const stripe = await makeStripe();
  onTestFinished(() => stripe.close());
  const databaseUrl = await freshDatabaseUrl();
  const foreignKey = 'sk_test_that_stripe_does_not_know_01234';
  const refusals: string[] = [];
  for (const secretKey of [stripeKey, foreignKey]) {
    const provider = stripeClient({
      secretKey,
      webhookSecret: stripeWebhookSecret,
      toleranceSeconds: 300,
      apiUrl: stripe.url,
      figures: { ...policyFigures, callTimeoutMs: 300, totalMs: 900, backoffMs: 5 },
    });
    const rig = await makeRig({
      databaseUrl,
      units: [10],
      providers: [provider],
      log,
      loops: true,
    });
    onTestFinished(() => rig.close());
    for (const fault of [...faults, 'loses the answer' as const]) {
      const { order, orderKey: key } = (await rig.redeem(await rig.token())).body;
      stripe.fault = fault;
      const json = { provider: 'stripe' };
      const paid = await rig.call('POST', `/v1/orders/${order.id}/payments`, { key, json });
      if (paid.status >= 400) refusals.push(JSON.stringify(paid.body));
      stripe.fault = null;
    }
    for (const intent of stripe.intents.values()) {
      const text = stripeEvent('payment_intent.succeeded', intent);
      for (const signature of ['', `t=1,v1=${stripeWebhookSecret}`]) {
        const headers = { 'stripe-signature': signature, 'content-type': 'application/json' };
        const refused = await rig.call('POST', '/webhooks/stripe', { text, headers });
        refusals.push(JSON.stringify(refused.body));
      }
    }
  }
  expect(stripe.intents.size).toBeGreaterThan(1);
  expect(refusals.length).toBeGreaterThan(10);
  expect(lines.length).toBeGreaterThan(10);
  const clientSecrets = [...stripe.intents.values()].map((intent) => intent.client_secret);
  for (const secret of [stripeKey, foreignKey, stripeWebhookSecret, ...clientSecrets]) {
    for (const text of [...lines, ...refusals]) expect(text).not.toContain(secret);
  }
});
