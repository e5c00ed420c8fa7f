import type { WebhookType } from '../../domain/webhook-events.ts';
import { ApiProblem, ask, get, type Reply } from './client.ts';
import { changedText } from './differences.ts';
import { goesOn } from './seen.ts';
import type { Webhook } from './shapes.ts';

/** What each event tells; in the order in which they are offered. */
export const webhookTypeWords: Readonly<Record<WebhookType, string>> = {
  'order.placed': 'an order was placed, and awaits payment',
  'order.paid': 'an order was paid',
  'order.payment_failed': 'a payment was declined',
  'order.expired': 'no payment came in time',
  'order.cancelled': 'an order was given back before it was paid',
  'order.refunded': 'an order was refunded',
  'payment.refunded': 'a payment has gone back',
  'place.soon': 'it is soon the turn of somebody who asked to be told',
  'place.admitted': 'it is their turn',
  'place.sold_out': 'it was sold out before their turn',
  'sale.opened': 'a sale has opened',
  'sale.sold_out': 'every unit of a sale is sold',
  'sale.available': 'units are there again',
  'sale.closed': 'a sale has closed',
};

/** A webhook as it was read, with its version. */
export type SeenWebhook = { webhook: Webhook; etag: string | null; reload(): void };

export type WebhookChange = {
  method: 'PATCH' | 'POST' | 'DELETE';
  /** Behind its own path: `/rotate`; '' is the webhook itself. */
  part: string;
  body?: unknown;
  onceKey?: string;
  /** Ends the question where somebody else was faster: `Save yours`. */
  what: string;
};

/**
 * Changes a webhook as it was looked at. Where somebody else was faster, says what they changed and
 * asks again; null where it was then left. Throws ApiProblems.
 */
export async function changeWebhook<T>(
  { webhook, etag, reload }: SeenWebhook,
  { method, part, body, onceKey, what }: WebhookChange,
): Promise<Reply<T> | null> {
  const path = `/v1/webhooks/${webhook.id}`;
  const once = onceKey === undefined ? {} : { onceKey };
  let known = { webhook, etag };
  for (;;) {
    try {
      return await ask<T>(method, `${path}${part}`, { body, etag: known.etag, ...once });
    } catch (error) {
      if (!(error instanceof ApiProblem && error.status === 412)) throw error;
    }
    const fresh = await get<Webhook>(path);
    reload();
    const changed = changedText(asWritten(known.webhook), asWritten(fresh.data));
    if (!(await goesOn('webhook', changed, what))) return null;
    known = { webhook: fresh.data, etag: fresh.etag };
  }
}

function asWritten({ url, description, eventTypes, active }: Webhook) {
  return { url, description, events: eventTypes?.join(', ') ?? 'all', on: active };
}
