import { pageQuerySchema } from '@fairgate/shared/http/page.ts';
import { z } from 'zod';
import { deliveryStates } from '../app/webhook-ports.ts';
import { webhookTypes } from '../domain/webhook-events.ts';
import type { Endpoint } from './endpoint.ts';
import { listOf } from './views.ts';
import { deliveryView, newWebhookView, webhookView } from './webhook-views.ts';

/** Where shops are told of events, and how that went (docs/webhooks.md). */

const overlapSecondsMax = 7 * 86_400;

const fields = {
  url: z.string().min(1).max(2_000).describe('https, of a public host'),
  description: z.string().trim().max(200),
  eventTypes: z
    .array(z.enum(webhookTypes))
    .min(1)
    .refine((types) => new Set(types).size === types.length, 'names a type twice')
    .nullable()
    .describe('null: all, those too that are added later'),
  active: z.boolean().describe('whether it is told of anything'),
};
const newSchema = z.strictObject({
  ...fields,
  description: fields.description.default(''),
  eventTypes: fields.eventTypes.default(null),
  active: fields.active.default(true),
});
const rotateSchema = z.strictObject({
  overlapSeconds: z
    .int()
    .min(0)
    .max(overlapSecondsMax)
    .default(86_400)
    .describe('for how long the secret before it signs too'),
});
const logSchema = pageQuerySchema.extend({ state: z.enum(deliveryStates).optional() });

const webhook = { idPrefix: 'hook', path: '/v1/webhooks/{id}' } as const;
const isOff = { conflict: 'it is switched off' } as const;
const shownOnce = 'made before by this Idempotency-Key; the secret is not shown again';

export const webhookEndpoints = {
  create: {
    method: 'POST',
    path: '/v1/webhooks',
    role: 'admin',
    summary: 'Add an endpoint; its secret is shown in this answer alone',
    body: newSchema,
    once: true,
    refusals: { conflict: `there are as many as there may be; or ${shownOnce}` },
    status: 201,
    answer: newWebhookView,
  },
  list: {
    method: 'GET',
    path: '/v1/webhooks',
    role: 'viewer',
    summary: 'Endpoints, newest first',
    query: pageQuerySchema,
    status: 200,
    answer: listOf(webhookView),
  },
  get: {
    ...webhook,
    method: 'GET',
    role: 'viewer',
    summary: 'An endpoint, without its secrets',
    status: 200,
    answer: webhookView,
  },
  patch: {
    ...webhook,
    method: 'PATCH',
    role: 'admin',
    summary: 'Change an endpoint, or switch it on or off',
    body: z.strictObject(fields).partial(),
    ifMatch: true,
    status: 200,
    answer: webhookView,
  },
  remove: {
    ...webhook,
    method: 'DELETE',
    role: 'admin',
    summary: 'Delete an endpoint with its log; what waits for it is not sent',
    ifMatch: true,
    status: 204,
  },
  rotate: {
    ...webhook,
    path: '/v1/webhooks/{id}/rotate',
    method: 'POST',
    role: 'admin',
    summary: 'A new secret, shown in this answer alone; the one before it signs too for a while',
    body: rotateSchema,
    bodyOptional: true,
    ifMatch: true,
    once: true,
    refusals: { conflict: shownOnce },
    status: 200,
    answer: newWebhookView,
  },
  test: {
    ...webhook,
    path: '/v1/webhooks/{id}/test',
    method: 'POST',
    role: 'operator',
    summary: 'Send it a `webhook.test`',
    once: true,
    refusals: isOff,
    status: 201,
    answer: deliveryView,
  },
  deliveries: {
    ...webhook,
    path: '/v1/webhooks/{id}/deliveries',
    method: 'GET',
    role: 'viewer',
    summary: 'What it was told in the last 30 days, newest first, and what became of it',
    query: logSchema,
    status: 200,
    answer: listOf(deliveryView),
  },
  retry: {
    ...webhook,
    path: '/v1/webhooks/{id}/deliveries/{deliveryId}/retry',
    method: 'POST',
    role: 'operator',
    summary: 'Send an event once more at once, by its old `webhook-id`',
    refusals: isOff,
    status: 200,
    answer: deliveryView,
  },
} as const satisfies Record<string, Endpoint<unknown, unknown>>;
