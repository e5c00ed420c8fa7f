import type { CheckedSale, Finding } from './checks.ts';
import { isLoopback } from './hosts.ts';
import { durationWords } from './words.ts';

/** To type a card in. */
const paySecondsMin = 60;
/** Banks send a code, or ask in their app. */
const paySecondsWithBank = 120;

type Paid = Pick<CheckedSale, 'sale' | 'checkouts' | 'publicOrigin'>;

/** Whether and how people can pay. */
export function paymentFindings(checked: Paid): Finding[] {
  if (checked.sale.phase === 'closed') return [];
  return [...checkoutsAway(checked), ...providers(checked), ...shortPay(checked)];
}

function checkoutsAway({ checkouts: { live } }: Paid): Finding[] {
  if (live > 0) return [];
  return [
    {
      code: 'no-checkout',
      severity: 'warning',
      path: '',
      message:
        'No checkout has given a sign of life in the last seconds: while there is none, nobody is let in.',
      todo: 'Start the checkouts, or look why they cannot reach Postgres.',
    },
  ];
}

function providers({ checkouts, publicOrigin }: Paid): Finding[] {
  const { providers: known } = checkouts;
  if (known === null) return [];
  const path = '';
  if (known.length === 0) {
    const message =
      'No checkout has a payment provider: orders can be placed, and nobody can pay them.';
    const todo =
      'Set FAIRGATE_STRIPE_SECRET_KEY and FAIRGATE_STRIPE_WEBHOOK_SECRET at the checkouts.';
    return [{ code: 'no-payment-provider', severity: 'warning', path, message, todo }];
  }
  if (!known.includes('sandbox')) return [];
  const isAlone = known.length === 1;
  if (isLoopback(publicOrigin)) {
    if (!isAlone) return [];
    const message = 'The sandbox is the only payment provider: no money moves.';
    const todo = 'Nothing, to try things out; for a real sale set up Stripe.';
    return [{ code: 'payment-sandbox-only', severity: 'info', path, message, todo }];
  }
  return [
    {
      code: 'payment-sandbox-public',
      severity: 'warning',
      path,
      message: isAlone
        ? `The sandbox is the only payment provider, and ${publicOrigin} is public: whoever knows its test cards buys without paying.`
        : `The sandbox stands beside ${known.filter((name) => name !== 'sandbox').join(', ')} at ${publicOrigin}, which is public: whoever knows its test cards buys without paying.`,
      todo: `Take FAIRGATE_SANDBOX_URL away from the checkouts${isAlone ? ', and set up Stripe' : ''}.`,
    },
  ];
}

function shortPay({ sale, checkouts }: Paid): Finding[] {
  const { paySeconds } = sale.room;
  const hasBank = checkouts.providers?.includes('stripe') === true;
  const least = hasBank ? paySecondsWithBank : paySecondsMin;
  if (paySeconds >= least) return [];
  return [
    {
      code: 'pay-seconds-short',
      severity: 'warning',
      path: 'room.paySeconds',
      message: `An order has to be paid within ${durationWords(paySeconds)}${
        hasBank ? ', and with Stripe many have to confirm it with their bank first' : ''
      }: many lose their units.`,
      todo: `Set paySeconds to ${least} or more.`,
    },
  ];
}
