import type { PaymentProvider } from '../app/provider-ports.ts';
import type { CheckoutSettings } from '../config.ts';
import { limits } from '../limits.ts';
import { sandboxClient } from './sandbox-client.ts';
import { stripeClient } from './stripe-client.ts';

/** The payment providers that are set up; none where nothing is. */
export function providersOf(settings: CheckoutSettings): PaymentProvider[] {
  const { webhookToleranceSeconds: toleranceSeconds } = limits;
  const { FAIRGATE_SANDBOX_URL: url, FAIRGATE_SANDBOX_WEBHOOK_SECRET: sandboxSecret } = settings;
  const { FAIRGATE_STRIPE_SECRET_KEY: secretKey, FAIRGATE_STRIPE_WEBHOOK_SECRET: stripeSecret } =
    settings;
  const apiUrl = settings.FAIRGATE_STRIPE_API_URL;
  const providers: PaymentProvider[] = [];
  if (url && sandboxSecret) {
    const key = settings.FAIRGATE_SANDBOX_KEY;
    providers.push(sandboxClient({ url, key, webhookSecret: sandboxSecret, toleranceSeconds }));
  }
  if (secretKey && stripeSecret) {
    providers.push(
      stripeClient({ secretKey, webhookSecret: stripeSecret, toleranceSeconds, apiUrl }),
    );
  }
  return providers;
}
