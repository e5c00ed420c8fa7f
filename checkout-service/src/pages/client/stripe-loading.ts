import type { Stripe } from './stripe-types.ts';

/** Stripe's own address: it must not be had from anywhere else (docs.stripe.com/js/including). */
const address = 'https://js.stripe.com/clover/stripe.js';
const loadMsMax = 15_000;

/** Loads Stripe's script, once; rejects where it does not come, and may be tried again. */
export async function loadStripe(publishableKey: string, locale: string): Promise<Stripe> {
  if (window.Stripe === undefined) await loadScript();
  if (window.Stripe === undefined) throw new Error('Stripe’s script made nothing');
  return window.Stripe(publishableKey, { locale });
}

async function loadScript(): Promise<void> {
  const script = document.createElement('script');
  script.src = address;
  script.async = true;
  try {
    await new Promise<void>((resolve, reject) => {
      setTimeout(() => reject(new Error('Stripe’s script took too long')), loadMsMax);
      script.addEventListener('load', () => resolve());
      script.addEventListener('error', () => reject(new Error('Stripe’s script did not come')));
      document.head.append(script);
    });
  } catch (error) {
    script.remove();
    throw error;
  }
}
