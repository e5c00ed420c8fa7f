import { mistakeOf } from '../mistake.ts';
import type { StripePhrase } from '../phrases.ts';
import { ask } from './asking.ts';
import { announce, byId, isBusy, pageVoice, setBusy, show } from './page.ts';
import { type Mounted, mountIn } from './stripe-element.ts';
import type { StripeError } from './stripe-types.ts';

// Stripe's script -> its form, by amount and currency -> "pay" -> our payment -> Stripe takes the money
// -> its webhook -> the order is paid, and the page says so. The payment begins when the shopper pays,
// not when they look: one under way keeps the units (ADR 0028).

const voice = pageVoice<StripePhrase>();
let mounted: Mounted | null = null;
let isLoading = false;
/** Of the payment that has begun: after a decline another card is tried with the same. */
let clientSecret: string | null = null;
/** Stripe has taken the payment on: another one would be paid twice. */
let isAwaiting = false;
const tended = new WeakSet<HTMLFormElement>();

/** Looks after Stripe's form where the page has one. `returned`: what a bank added to the address. */
export function tendStripe(returned: URLSearchParams): void {
  const form = byId('pay-stripe') as HTMLFormElement | null;
  const button = form?.querySelector('button') ?? null;
  if (form === null || button === null) return;
  if (isAwaiting) {
    // The page has changed, and Stripe's form is still here: it was not paid.
    isAwaiting = false;
    show('pay-state', '');
    setBusy(button, false);
  }
  if (tended.has(form)) return;
  tended.add(form);
  form.hidden = false;
  const mount = () => mountForm(form, button, returned);
  byId('pay-again')?.addEventListener('click', () => void mount());
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    if (mounted?.form === form && !isBusy(button)) void payBusily(mounted, button);
  });
  void mount();
}

async function mountForm(
  form: HTMLFormElement,
  button: HTMLButtonElement,
  returned: URLSearchParams,
): Promise<void> {
  if (mounted?.form === form || isLoading) return;
  isLoading = true;
  show('pay-mistake', '');
  show('pay-state', voice.say('pay.loading'));
  try {
    mounted = await mountIn(form);
    show('pay-state', '');
    sayReturned(returned);
  } catch {
    show('pay-state', '');
    show('pay-mistake', voice.say('pay.notLoaded'));
  }
  isLoading = false;
  button.disabled = mounted?.form !== form;
  (byId('pay-again') as HTMLElement).hidden = !button.disabled;
}

/** A bank's page sent the shopper back: what came of it, once. */
function sayReturned(returned: URLSearchParams): void {
  const status = returned.get('redirect_status');
  if (status === 'failed') failed(voice.say('mistake.declined'));
  else if (status !== null) awaitNews();
  returned.delete('redirect_status');
}

async function payBusily(form: Mounted, button: HTMLButtonElement): Promise<void> {
  setBusy(button, true);
  show('pay-mistake', '');
  announce(voice.say('pay.working'));
  try {
    await pay(form);
  } catch {
    failed(voice.say('mistake.wrong'));
  }
  setBusy(button, isAwaiting);
}

async function pay({ stripe, elements }: Mounted): Promise<void> {
  const { error: wrong } = await elements.submit();
  if (wrong) return failed(wordsOf(wrong));
  clientSecret ??= await begin();
  if (clientSecret === null) return;
  const { error } = await stripe.confirmPayment({
    elements,
    clientSecret,
    confirmParams: { return_url: location.href },
    redirect: 'if_required',
  });
  if (!error) return awaitNews();
  // One that was ended meanwhile takes no money any more: the next try is another payment.
  if (error.code === 'payment_intent_unexpected_state') clientSecret = null;
  failed(wordsOf(error));
}

/** Begins a payment of this order, by its cookie; null where it cannot be paid, which is said. */
async function begin(): Promise<string | null> {
  const id = byId('order')?.dataset.id;
  const answer = await ask(`/v1/orders/${id}/payments`, {}, { provider: 'stripe' });
  const secret = answer?.body.payment?.clientSecret;
  if (secret !== undefined) return secret;
  if (answer === null) {
    failed(voice.say(navigator.onLine ? 'mistake.away' : 'mistake.offline'));
  } else {
    const { key, values } = mistakeOf(answer.refusal);
    failed(voice.say(key, values));
  }
  return null;
}

/** Stripe says what a card lacks in the shopper's language; what else it says is for developers. */
function wordsOf({ type, message }: StripeError): string {
  const isForShoppers = type === 'card_error' || type === 'validation_error';
  return isForShoppers && message ? message : voice.say('mistake.wrong');
}

function failed(text: string): void {
  show('pay-state', '');
  show('pay-mistake', text);
  byId('pay-mistake')?.focus();
}

/** The money is on its way: the order's own events tell the rest. */
function awaitNews(): void {
  isAwaiting = true;
  show('pay-state', `${voice.say('order.paying')}. ${voice.say('order.payingText')}`);
}
