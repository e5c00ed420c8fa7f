import { isoTime } from '@fairgate/shared/clock.ts';
import { newId } from '@fairgate/shared/ids.ts';
import type { z } from 'zod';
import type { createSchema, SandboxEvent, SandboxPayment } from './api.ts';
import { type Books, type Due, memoryBooks } from './books.ts';
import { type CardBehaviour, cardBehaviour, declineAfterMs } from './cards.ts';
import { type Controls, makeControls } from './controls.ts';
import type { Deliveries } from './deliveries.ts';

export type CreateAnswer =
  | { kind: 'taken'; payment: SandboxPayment }
  | { kind: 'unknown-card' }
  | { kind: 'fails' };

export type SandboxProvider = {
  /** With `beforeAnswer` it resolves when the first webhook was tried. */
  create(request: z.infer<typeof createSchema>): Promise<CreateAnswer>;
  find(paymentId: string): SandboxPayment | null;
  refund(reference: string): SandboxPayment | 'unknown' | 'not-paid';
  stop(): void;
};

/** A payment provider for shops that are being built, and tests: books -> answer -> webhooks. */
export function makeProvider(
  deliveries: Deliveries,
  books: Books = memoryBooks(),
  controls: Controls = makeControls(),
): SandboxProvider {
  const byPaymentId = new Map<string, SandboxPayment>();
  const byReference = new Map<string, SandboxPayment>();
  const timers = new Set<NodeJS.Timeout>();

  function keep(payment: SandboxPayment): void {
    byPaymentId.set(payment.paymentId, payment);
    byReference.set(payment.reference, payment);
  }

  async function send(event: SandboxEvent, times: number): Promise<void> {
    const done = () => books.write({ kind: 'delivered', eventId: event.id });
    await deliveries.send(event, times, done);
  }

  /** Writes what the payment is now, and tells of it. */
  async function tell(type: SandboxEvent['type'], payment: SandboxPayment, times = 1) {
    const copy = { ...payment };
    const event = { id: newId('evt'), type, createdAt: isoTime(Date.now()), payment: copy };
    books.write({ kind: 'payment', payment: copy, due: null }, { kind: 'event', event, times });
    await send(event, times);
  }

  async function finish(payment: SandboxPayment, { failure, deliveries: times }: Due) {
    payment.state = failure === null ? 'succeeded' : 'failed';
    if (failure !== null) payment.failure = failure;
    await tell(failure === null ? 'payment.succeeded' : 'payment.failed', payment, times);
  }

  function finishLater(payment: SandboxPayment, due: Due): void {
    const timer = setTimeout(
      () => {
        timers.delete(timer);
        void finish(payment, due);
      },
      Math.max(0, due.atMs - Date.now()),
    );
    timers.add(timer.unref());
  }

  const resumed = readBooks(books);
  for (const { payment, due } of resumed.payments) {
    keep(payment);
    if (due) finishLater(payment, due);
  }
  for (const { event, times } of resumed.undelivered) void send(event, times);

  return {
    async create({ paymentId, amountMinor, currency, card }) {
      const known = byPaymentId.get(paymentId);
      if (known) return { kind: 'taken', payment: known };
      const behaviour = cardBehaviour(card);
      if (behaviour.kind === 'fails') return behaviour;
      if (behaviour.kind === 'unknown') return { kind: 'unknown-card' };
      const reference = `sbx_${newId('pay').slice(4)}`;
      const state = 'processing';
      const payment: SandboxPayment = { paymentId, reference, state, amountMinor, currency };
      const due = dueOf(behaviour);
      keep(payment);
      books.write({ kind: 'payment', payment, due });
      // The answer says what it would have said: that the payment is under way.
      const answer = { kind: 'taken', payment: { ...payment } } as const;
      if (controls.now.webhooks.beforeAnswer) await finish(payment, due);
      else finishLater(payment, due);
      return answer;
    },
    find: (paymentId) => byPaymentId.get(paymentId) ?? null,
    refund(reference) {
      const payment = byReference.get(reference);
      if (!payment) return 'unknown';
      if (payment.state === 'refunded') return payment;
      if (payment.state !== 'succeeded') return 'not-paid';
      payment.state = 'refunded';
      void tell('payment.refunded', payment);
      return payment;
    },
    stop() {
      for (const timer of timers) clearTimeout(timer);
      timers.clear();
    },
  };
}

function dueOf(behaviour: Extract<CardBehaviour, { kind: 'pays' | 'declined' }>): Due {
  const now = Date.now();
  if (behaviour.kind === 'declined') {
    return { atMs: now + declineAfterMs, failure: behaviour.failure, deliveries: 1 };
  }
  return { atMs: now + behaviour.afterMs, failure: null, deliveries: behaviour.deliveries };
}

/** Each payment as it was last written, and the events that nobody took yet. */
function readBooks(books: Books) {
  const payments = new Map<string, { payment: SandboxPayment; due: Due | null }>();
  const undelivered = new Map<string, { event: SandboxEvent; times: number }>();
  for (const entry of books.before) {
    switch (entry.kind) {
      case 'payment':
        payments.set(entry.payment.paymentId, { payment: { ...entry.payment }, due: entry.due });
        break;
      case 'event':
        undelivered.set(entry.event.id, entry);
        break;
      case 'delivered':
        undelivered.delete(entry.eventId);
        break;
    }
  }
  return { payments: payments.values(), undelivered: undelivered.values() };
}
