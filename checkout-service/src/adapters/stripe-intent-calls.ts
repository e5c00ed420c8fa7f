import type Stripe from 'stripe';
import type { CreateRequest } from '../app/provider-ports.ts';
import type { StoredPayment } from '../domain/payment-rules.ts';
import type { CallAbout, ProviderPolicy } from './provider-policy.ts';
import { callStripe, StripeRefusal } from './stripe-calls.ts';
import { declineOf, type Intent, intentSchema, stripeAmount } from './stripe-intents.ts';

export type IntentReply =
  | { kind: 'intent'; intent: Intent }
  | { kind: 'declined'; failure: string }
  | { kind: 'invalid'; path: 'provider'; message: string }
  | { kind: 'unavailable'; cause: unknown };

export type IntentCalls = {
  create(request: Request, deadline?: AbortSignal): Promise<IntentReply>;
  /** By its reference; by creating it again where that is unknown, see ADR 0010. */
  find(payment: StoredPayment, deadline?: AbortSignal): Promise<IntentReply>;
  cancel(
    about: { orderId: string },
    reference: string,
    deadline?: AbortSignal,
  ): Promise<IntentReply>;
};
type Request = Omit<CreateRequest, 'card'>;

/** What we do with PaymentIntents, each call by the policy. */
export function intentCalls(sdk: Stripe, policy: ProviderPolicy): IntentCalls {
  const run = async (about: CallAbout, call: () => Promise<unknown>): Promise<IntentReply> => {
    const answer = await policy.run(about, () =>
      callStripe(async () => intentSchema.parse(await call())),
    );
    if (answer.kind === 'fault') return { kind: 'unavailable', cause: answer.cause };
    const { value } = answer;
    if (value.kind === 'refused') return { kind: 'unavailable', cause: value.why };
    return { kind: 'intent', intent: value.value };
  };
  const retrieve = (orderId: string, reference: string, deadline?: AbortSignal) =>
    run({ operation: 'look', orderId, deadline }, () =>
      sdk.paymentIntents.retrieve(reference, { expand: ['latest_charge'] }),
    );

  async function create(request: Request, deadline?: AbortSignal): Promise<IntentReply> {
    const { paymentId, orderId, saleId, amountMinor, currency } = request;
    const amount = stripeAmount(amountMinor, currency);
    if (amount === null) return refusedAs(`Stripe takes no ${currency} here`);
    const params = {
      amount,
      currency: currency.toLowerCase(),
      automatic_payment_methods: { enabled: true },
      metadata: { paymentId, orderId, saleId },
    };
    const reply = await run({ operation: 'create', orderId, deadline }, () =>
      sdk.paymentIntents.create(params, { idempotencyKey: paymentId }),
    );
    // Such a payment is not made later either: no outage, and nothing to ask about again.
    const refusal = reply.kind === 'unavailable' ? reply.cause : null;
    if (!(refusal instanceof StripeRefusal)) return reply;
    const { status, code, declineCode } = refusal;
    if (status === 402) return { kind: 'declined', failure: declineOf(declineCode, code) };
    return status === 400 ? refusedAs(`Stripe refuses it: ${code}`) : reply;
  }

  return {
    create,
    async find(payment, deadline) {
      const { orderId, reference } = payment;
      if (reference !== null) return await retrieve(orderId, reference, deadline);
      const made = await create({ ...payment, paymentId: payment.id }, deadline);
      // The same key gives the answer of then; only a second look tells the state of now.
      return made.kind === 'intent' ? await retrieve(orderId, made.intent.id, deadline) : made;
    },
    cancel: ({ orderId }, reference, deadline) =>
      run({ operation: 'withdraw', orderId, deadline }, () => sdk.paymentIntents.cancel(reference)),
  };
}

/** About what was asked for, not about any card. */
function refusedAs(message: string): IntentReply {
  return { kind: 'invalid', path: 'provider', message };
}
