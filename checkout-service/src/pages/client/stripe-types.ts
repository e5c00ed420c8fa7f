// The part of Stripe.js that is used here (docs.stripe.com/js). It is loaded from Stripe alone, as
// Stripe demands, and its types are a package that would be loaded for them only.

export type StripeError = {
  type: string;
  code?: string;
  decline_code?: string;
  /** In the shopper's language: what a card lacks is Stripe's to say. */
  message?: string;
};

export type PaymentElement = {
  mount(where: string): void;
  destroy(): void;
  on(event: 'ready' | 'loaderror', run: () => void): void;
};

export type Elements = {
  create(kind: 'payment', options?: object): PaymentElement;
  /** Checks what was entered; before anything else is waited for (elements/submit). */
  submit(): Promise<{ error?: StripeError }>;
};

export type Stripe = {
  elements(options: {
    mode: 'payment';
    amount: number;
    currency: string;
    locale: string;
    appearance: { theme: string; variables: Record<string, string> };
  }): Elements;
  confirmPayment(options: {
    elements: Elements;
    clientSecret: string;
    confirmParams: { return_url: string };
    redirect: 'if_required';
  }): Promise<{ error?: StripeError; paymentIntent?: { status: string } }>;
};

declare global {
  var Stripe: ((publishableKey: string, options?: { locale: string }) => Stripe) | undefined;
}
