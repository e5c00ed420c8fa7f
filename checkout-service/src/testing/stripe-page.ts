import type { Page } from 'playwright-core';

/** What the page has asked of Stripe's script, in order. */
export type StripeCall = { name: string; given: Record<string, unknown> };

/**
 * For tests: stands for https://js.stripe.com in a page. Stripe's own script cannot be had here: it
 * must come from Stripe, and shows forms from there. This one takes the calls that ours makes, keeps
 * them, and answers as docs.stripe.com/js says that Stripe does.
 */
export type StripePage = {
  calls(): Promise<StripeCall[]>;
  /** What the next calls of that name come to; `{}` where nothing is said. */
  answers(name: 'submit' | 'confirmPayment', answer: object): Promise<void>;
  /** Whether the script can be had. */
  isAway: boolean;
  /** Whether what is mounted next loads for ever. */
  stalls(isStalled: boolean): Promise<void>;
  /** The addresses of Stripe that were asked for. */
  asked: string[];
};

export async function standInForStripe(page: Page): Promise<StripePage> {
  const stripe: StripePage = {
    isAway: false,
    asked: [],
    stalls: async (isStalled) => {
      await page.evaluate(`window.stripeStalls = ${isStalled}`);
    },
    calls: () => page.evaluate<StripeCall[]>('window.stripeCalls ?? []'),
    answers: async (name, answer) => {
      await page.evaluate(`window.stripeAnswers['${name}'] = ${JSON.stringify(answer)}`);
    },
  };
  await page.route('https://js.stripe.com/**', async (route) => {
    stripe.asked.push(route.request().url());
    if (stripe.isAway) await route.abort('connectionrefused');
    else await route.fulfill({ contentType: 'text/javascript', body: script });
  });
  return stripe;
}

/** Runs in the page; `element.mount` shows something that can be found. */
const script = `(() => {
  const calls = (window.stripeCalls = []);
  const answers = (window.stripeAnswers = {});
  const note = (name, given) => calls.push({ name, given: JSON.parse(JSON.stringify(given)) });
  window.Stripe = (key, options) => {
    note('Stripe', { key, ...options });
    return {
      elements(options) {
        note('elements', options);
        return {
          create(kind) {
            note('create', { kind });
            const listeners = {};
            const label = document.createElement('label');
            return {
              on: (name, run) => { listeners[name] = run; },
              mount(where) {
                label.textContent = 'Card of Stripe';
                label.append(document.createElement('input'));
                document.querySelector(where).append(label);
                if (!window.stripeStalls) setTimeout(() => listeners.ready());
              },
              destroy: () => label.remove(),
            };
          },
          async submit() { note('submit', {}); return answers.submit ?? {}; },
        };
      },
      async confirmPayment({ elements, ...given }) {
        note('confirmPayment', given);
        return answers.confirmPayment ?? { paymentIntent: { status: 'succeeded' } };
      },
    };
  };
})();`;
