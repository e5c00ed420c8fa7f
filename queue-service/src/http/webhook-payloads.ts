import { type Json, jsonContent } from '@fairgate/shared/http/openapi-parts.ts';
import { lanes } from '@fairgate/shared/place.ts';
import { saleModes } from '@fairgate/shared/sale.ts';
import { z } from 'zod';
import { testType, type WebhookType, webhookTypes } from '../domain/webhook-events.ts';
import { at, count, orderView } from './views.ts';

/** What shops are sent, for the OpenAPI document: its `webhooks`, one for each type of event. */

const order = orderView.describe('as the event left it; units are none once it has ended');
const payment = z.object({
  id: z.string(),
  amountMinor: count,
  failure: z.string().optional().describe('why it came to nothing'),
});
const sale = z.object({
  id: z.string(),
  name: z.string(),
  mode: z.enum(saleModes),
  currency: z.string(),
  productIds: z.array(z.string()),
  startsAt: at,
  endsAt: at.nullable(),
});
const place = z.object({ saleId: z.string(), number: count, lane: z.enum(lanes) });

const dataByType = {
  'order.placed': z.object({ order }),
  'order.paid': z.object({ order }),
  'order.payment_failed': z.object({ order, payment }),
  'order.expired': z.object({ order }),
  'order.cancelled': z.object({ order }),
  'order.refunded': z.object({ order }),
  'payment.refunded': z.object({ order, payment }),
  'place.soon': z.object({ place }),
  'place.admitted': z.object({ place }),
  'place.sold_out': z.object({ place }),
  'sale.opened': z.object({ sale }),
  'sale.sold_out': z.object({ sale }),
  'sale.available': z.object({ sale }),
  'sale.closed': z.object({ sale }),
  [testType]: z.object({ webhookId: z.string() }),
} as const satisfies Record<WebhookType | typeof testType, z.ZodType>;

const allTypes = [...webhookTypes, testType] as const;

/** The body of an event; its timestamp is when it happened. */
export function payloadOf(type: (typeof allTypes)[number]): z.ZodType {
  return z.object({ type: z.literal(type), timestamp: at, data: dataByType[type] });
}

const header = (name: string, description: string): Json => ({
  name,
  in: 'header',
  required: true,
  description,
  schema: { type: 'string' },
});

const headers = [
  header('webhook-id', 'of the event: the same in each attempt'),
  header('webhook-timestamp', 'of the attempt, in seconds since the epoch'),
  header('webhook-signature', '`v1,…`, with spaces between them where several secrets live'),
];

export function openApiWebhooks(): Json {
  return Object.fromEntries(
    allTypes.map((type) => {
      const content = jsonContent(payloadOf(type), 'output');
      const post = {
        operationId: `webhook-${type.replaceAll(/[._]/g, '-')}`,
        summary: `The event \`${type}\`, by the rules of Standard Webhooks`,
        security: [],
        parameters: headers,
        requestBody: { required: true, content },
        responses: { '2XX': { description: 'It is taken; whatever else is asked again' } },
      };
      return [type, { post }];
    }),
  );
}
