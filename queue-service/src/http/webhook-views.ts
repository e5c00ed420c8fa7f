import { isoTime } from '@fairgate/shared/clock.ts';
import { z } from 'zod';
import {
  type DeliveryRecord,
  deliveryStates,
  offReasons,
  type WebhookRecord,
} from '../app/webhook-ports.ts';
import { withoutQuery } from '../app/webhooks.ts';
import { type ApiRole, roleSuffices } from '../domain/roles.ts';
import { webhookTypes } from '../domain/webhook-events.ts';
import { at, count } from './views.ts';

export const webhookView = z.object({
  id: z.string(),
  url: z.string().describe('without its query for all but admins'),
  description: z.string(),
  eventTypes: z
    .array(z.enum(webhookTypes))
    .nullable()
    .describe('null: all, those too that are added later'),
  active: z.boolean(),
  offReason: z
    .enum(offReasons)
    .nullable()
    .describe(
      'switched off by itself: `gone`: it answered 410; `failing`: it took nothing for 3 days',
    ),
  secrets: z
    .array(z.object({ createdAt: at, expiresAt: at.nullable() }))
    .describe('those that sign now, the newest first; never shown'),
  createdAt: at,
  updatedAt: at,
});
export const newWebhookView = webhookView.extend({
  secret: z.string().describe('`whsec_…`, shown this once'),
});

/** `now` in ms: a secret that was replaced counts until it ends. */
export function viewWebhook(
  webhook: WebhookRecord,
  { role, now }: { role: ApiRole; now: number },
): z.infer<typeof webhookView> {
  const { id, url, description, active, offReason, secrets } = webhook;
  return {
    id,
    url: roleSuffices(role, 'admin') ? url : withoutQuery(url),
    description,
    eventTypes:
      webhook.eventTypes && webhookTypes.filter((type) => webhook.eventTypes?.includes(type)),
    active,
    offReason,
    secrets: secrets
      .filter(({ expiresAt }) => expiresAt === null || expiresAt > now)
      .map(({ createdAt, expiresAt }) => ({
        createdAt: isoTime(createdAt),
        expiresAt: expiresAt === null ? null : isoTime(expiresAt),
      })),
    createdAt: isoTime(webhook.createdAt),
    updatedAt: isoTime(webhook.updatedAt),
  };
}

export const deliveryView = z.object({
  id: z.string(),
  webhookId: z.string(),
  eventId: z.string().describe('the `webhook-id`'),
  type: z.string(),
  saleId: z.string().nullable(),
  state: z.enum(deliveryStates),
  attempts: count,
  nextAttemptAt: at.nullable().describe('of one that is pending'),
  tries: z
    .array(
      z.object({
        at,
        status: z.int().nullable().describe('of the answer; null: there was none'),
        error: z.string().nullable(),
        milliseconds: count,
      }),
    )
    .describe('the last 20, the newest last'),
  response: z.string().nullable().describe('the beginning of the last answer'),
  createdAt: at,
});

export function viewDelivery(delivery: DeliveryRecord): z.infer<typeof deliveryView> {
  const { nextAt, tries, createdAt, ...rest } = delivery;
  return {
    ...rest,
    nextAttemptAt: rest.state === 'pending' ? isoTime(nextAt) : null,
    tries: tries.map(({ ms, ...one }) => ({ ...one, at: isoTime(one.at), milliseconds: ms })),
    createdAt: isoTime(createdAt),
  };
}
