import { isoTime } from '@fairgate/shared/clock.ts';
import { newId } from '@fairgate/shared/ids.ts';
import type { z } from 'zod';
import type { createSchema, SandboxEvent, SandboxPayment } from './api.ts';
import { cardBehaviour, declineAfterMs } from './cards.ts';
import type { Deliveries } from './deliveries.ts';

export type CreateAnswer =
  | { kind: 'taken'; payment: SandboxPayment }
  | { kind: 'unknown-card' }
  | { kind: 'fails' };

export type SandboxProvider = {
  create(request: z.infer<typeof createSchema>): CreateAnswer;
  find(paymentId: string): SandboxPayment | null;
  refund(reference: string): SandboxPayment | 'unknown' | 'not-paid';
};

/** A payment provider that keeps its books in memory: for shops that are being built, and tests. */
export function makeProvider(deliveries: Deliveries): SandboxProvider {
  const byPaymentId = new Map<string, SandboxPayment>();
  const byReference = new Map<string, SandboxPayment>();

  function tell(type: SandboxEvent['type'], payment: SandboxPayment, times = 1): void {
    const event = { id: newId('evt'), type, createdAt: isoTime(Date.now()), payment };
    deliveries.send({ ...event, payment: { ...payment } }, times);
  }

  function finish(payment: SandboxPayment, afterMs: number, times: number): void {
    setTimeout(() => {
      payment.state = 'succeeded';
      tell('payment.succeeded', payment, times);
    }, afterMs).unref();
  }

  function decline(payment: SandboxPayment, failure: string): void {
    setTimeout(() => {
      payment.state = 'failed';
      payment.failure = failure;
      tell('payment.failed', payment);
    }, declineAfterMs).unref();
  }

  return {
    create({ paymentId, amountMinor, currency, card }) {
      const known = byPaymentId.get(paymentId);
      if (known) return { kind: 'taken', payment: known };
      const behaviour = cardBehaviour(card);
      if (behaviour.kind === 'fails') return behaviour;
      if (behaviour.kind === 'unknown') return { kind: 'unknown-card' };
      const reference = `sbx_${newId('pay').slice(4)}`;
      const state = 'processing';
      const payment: SandboxPayment = { paymentId, reference, state, amountMinor, currency };
      byPaymentId.set(paymentId, payment);
      byReference.set(reference, payment);
      if (behaviour.kind === 'pays') finish(payment, behaviour.afterMs, behaviour.deliveries);
      else decline(payment, behaviour.failure);
      return { kind: 'taken', payment };
    },
    find: (paymentId) => byPaymentId.get(paymentId) ?? null,
    refund(reference) {
      const payment = byReference.get(reference);
      if (!payment) return 'unknown';
      if (payment.state === 'refunded') return payment;
      if (payment.state !== 'succeeded') return 'not-paid';
      payment.state = 'refunded';
      tell('payment.refunded', payment);
      return payment;
    },
  };
}
