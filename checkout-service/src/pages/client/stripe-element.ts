import { loadStripe } from './stripe-loading.ts';
import type { Elements, PaymentElement, Stripe } from './stripe-types.ts';

/** Stripe's form, in one of the page's. */
export type Mounted = {
  stripe: Stripe;
  elements: Elements;
  element: PaymentElement;
  form: HTMLFormElement;
};

/** Stripe's form tells by itself that it did not load, but not of a connection that stalls. */
const readyMsMax = 15_000;

/** Rejects where Stripe's script, or what it loads, does not come; nothing is left of it then. */
export async function mountIn(form: HTMLFormElement): Promise<Mounted> {
  const { key = '', amount = '', currency = '' } = form.dataset;
  const locale = document.documentElement.lang;
  const stripe = await loadStripe(key, locale);
  const elements = stripe.elements({
    mode: 'payment',
    amount: Number(amount),
    currency,
    locale,
    appearance: appearanceOf(getComputedStyle(document.body)),
  });
  const element = elements.create('payment');
  try {
    await shownIn(element, '#pay-element');
  } catch (error) {
    element.destroy();
    throw error;
  }
  return { stripe, elements, element, form };
}

async function shownIn(element: PaymentElement, where: string): Promise<void> {
  let timer: number | undefined;
  const ready = new Promise<void>((resolve, reject) => {
    timer = setTimeout(() => reject(new Error('Stripe’s form took too long')), readyMsMax);
    element.on('ready', resolve);
    element.on('loaderror', () => reject(new Error('Stripe’s form did not load')));
    element.mount(where);
  });
  await ready.finally(() => clearTimeout(timer));
}

/** It has the look of the page, in the scheme that the shopper has. */
function appearanceOf(style: CSSStyleDeclaration) {
  const of = (name: string) => style.getPropertyValue(name).trim();
  return {
    theme: matchMedia('(prefers-color-scheme:dark)').matches ? 'night' : 'stripe',
    variables: {
      colorPrimary: of('--accent'),
      colorBackground: of('--card'),
      colorText: of('--ink'),
      colorTextSecondary: of('--muted'),
      colorDanger: of('--bad'),
      fontFamily: style.fontFamily,
      borderRadius: '10px',
    },
  };
}
