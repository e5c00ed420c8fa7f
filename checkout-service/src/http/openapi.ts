import { proofAlgorithms, proofLimits } from '@fairgate/shared/token/dpop.ts';
import { z } from 'zod';
import { paymentSchema, redemptionSchema, refundSchema } from './bodies.ts';
import { fairnessPaths } from './openapi-fairness.ts';
import {
  always,
  headers,
  idParameter,
  inside,
  json,
  type Operation,
  orderAnswer,
  orderHeaders,
  ref,
  refusals,
  withRequestId,
} from './openapi-parts.ts';
import { schemas, securitySchemes } from './openapi-schemas.ts';

export type OpenapiDocument = {
  openapi: '3.1.0';
  info: { title: string; version: string; description: string };
  servers: { url: string }[];
  tags: { name: string; description: string }[];
  paths: Record<string, Record<string, Operation>>;
  components: object;
};

const byOrderKey = { security: [{ orderKey: [] }, { orderCookie: [] }], parameters: [idParameter] };

const redemption: Operation = {
  summary: 'Spend the purchase token and claim units: all items, or none.',
  description:
    'A token with `cnf` is bound to a key: it is sent as `Authorization: DPoP <token>` with a proof by that key in the header `DPoP` (RFC 9449), for each request a fresh one, replays included. What is missing, old, used before, by another key or for another request is 401 `proof-invalid`. A token without `cnf` is sent as a Bearer token, and refused with the scheme DPoP.\n\nAfter a 503, or where no answer came, it may have been done nevertheless: send it again after `Retry-After`, with the same `Idempotency-Key`, the same body and, for a bound token, a fresh proof. It is then the order that was made, or it is made now. Without a key of your own it may be 409 `token-already-redeemed`.',
  security: [{ purchaseToken: [] }, { boundPurchaseToken: [] }],
  parameters: [
    {
      name: 'DPoP',
      in: 'header',
      schema: { type: 'string', maxLength: proofLimits.charsMax },
      description: `A JWS of type \`dpop+jwt\` by ${proofAlgorithms.join(' or ')} with \`htm\`, \`htu\` (any public origin), \`iat\` (at most ${proofLimits.ageSecondsMax} s old), \`jti\` and \`ath\`.`,
    },
    {
      name: 'Idempotency-Key',
      in: 'header',
      schema: { type: 'string', minLength: 1, maxLength: 255 },
      description: 'The same key and body give the same answer again, for 24 h.',
    },
  ],
  requestBody: { required: true, content: json(z.toJSONSchema(redemptionSchema, { io: 'input' })) },
  responses: {
    '201': {
      description: 'The order; `idempotent-replayed: true` where it was answered before.',
      content: json({
        type: 'object',
        required: ['order', 'orderKey'],
        properties: { order: ref('Order'), orderKey: { type: 'string' } },
      }),
      headers: orderHeaders,
    },
    ...always,
    ...refusals(
      'invalid-request',
      'unauthorized',
      'token-invalid',
      'token-expired',
      'token-revoked',
      'proof-invalid',
      'conflict',
      'sale-not-open',
      'token-already-redeemed',
      'sold-out',
      'payload-too-large',
      'unsupported-media-type',
      'quantity-exceeded',
      'idempotency-key-reused',
    ),
  },
};

const payment: Operation = {
  ...byOrderKey,
  summary: 'Pay the order; its state follows the provider’s event.',
  description:
    'A provider that fails or does not answer is asked again; if it still fails, the answer is 503 `payment-unavailable` with `Retry-After`. The order stays `awaiting_payment` with `failure: payment_provider_unavailable`, keeps 60 s at least (`payBefore` is put off, ten minutes in all), and may be paid again at once. Where most calls of the last ten seconds failed, for several orders, the answer is the same at once, for some seconds, and the provider is not asked. A provider that dies after it took a payment is told in the same way, while the payment is under way. One that declines in the call itself is 402 `payment-declined`.\n\nWith `stripe` the answer has a `clientSecret`, with which the shop’s own front end confirms the PaymentIntent by Stripe.js; no card passes Fairgate, and its pages do not load Stripe.js. Asked again while that payment is under way, the answer is the same payment and secret. After a decline the intent stays payable until another payment is begun, or the order ends, which withdraws it.',
  requestBody: { required: true, content: json(z.toJSONSchema(paymentSchema, { io: 'input' })) },
  responses: {
    '202': {
      description: 'The payment is under way.',
      content: json({
        type: 'object',
        required: ['payment'],
        properties: {
          payment: {
            type: 'object',
            required: ['id', 'state'],
            properties: {
              id: { type: 'string' },
              state: { type: 'string' },
              clientSecret: { type: 'string', description: 'With `stripe` alone.' },
            },
          },
        },
      }),
    },
    ...refusals(
      'invalid-request',
      'unauthorized',
      'forbidden',
      'not-found',
      'conflict',
      'order-expired',
      'payment-declined',
      'payload-too-large',
      'unsupported-media-type',
      'rate-limited',
      'payment-unavailable',
      'unavailable',
    ),
  },
};

const internalRefund: Operation = {
  ...inside,
  summary: 'For the queue service alone: refund a paid order. Repeating it answers the same.',
  security: [{ internalKey: [] }],
  parameters: [idParameter],
  requestBody: { required: true, content: json(z.toJSONSchema(refundSchema, { io: 'input' })) },
  responses: {
    '200': orderAnswer,
    ...refusals(
      'invalid-request',
      'unauthorized',
      'not-found',
      'conflict',
      'payload-too-large',
      'unsupported-media-type',
      'unavailable',
    ),
  },
};

const paths: OpenapiDocument['paths'] = {
  '/v1/redemptions': { post: redemption },
  '/v1/orders/{id}': {
    get: {
      ...byOrderKey,
      summary: 'The order.',
      responses: {
        '200': orderAnswer,
        ...always,
        ...refusals('unauthorized', 'forbidden', 'not-found'),
      },
    },
  },
  '/v1/orders/{id}/events': {
    get: {
      ...byOrderKey,
      summary: 'Server-sent events: one `order` event now and at each change.',
      responses: {
        '200': { description: 'The stream.', content: { 'text/event-stream': {} } },
        ...always,
        ...refusals('unauthorized', 'forbidden', 'not-found'),
      },
    },
  },
  '/v1/orders/{id}/payments': { post: payment },
  '/v1/orders/{id}/cancel': {
    post: {
      ...byOrderKey,
      summary: 'Give the units back before paying.',
      responses: {
        '200': orderAnswer,
        ...always,
        ...refusals('unauthorized', 'forbidden', 'not-found', 'conflict'),
      },
    },
  },
  '/v1/orders/{id}/extend': {
    post: {
      ...byOrderKey,
      summary: 'Add the pay time once more; once.',
      responses: {
        '200': orderAnswer,
        ...always,
        ...refusals('unauthorized', 'forbidden', 'not-found', 'conflict', 'order-expired'),
      },
    },
  },
  '/webhooks/{provider}': {
    post: {
      summary: 'The payment provider’s signed event.',
      description:
        'Signed over the raw body: `fairgate-signature` (sandbox) or `stripe-signature`, at most 300 s old. An event that comes again, is about no payment of ours, or is of a type that is not acted on, is 200 and changes nothing. Of Stripe `payment_intent.succeeded`, `payment_intent.payment_failed`, `payment_intent.canceled`, `charge.refunded`, `refund.failed` and `refund.updated` are acted on.',
      parameters: [{ ...idParameter, name: 'provider' }],
      responses: {
        '200': { description: 'Taken, now or before.' },
        ...always,
        ...refusals(
          'invalid-request',
          'unauthorized',
          'not-found',
          'payload-too-large',
          'unsupported-media-type',
        ),
      },
    },
  },
  ...fairnessPaths,
  '/internal/orders/{id}/refund': { post: internalRefund },
  '/healthz': { get: { summary: 'Alive.', responses: { '200': { description: 'Alive.' } } } },
  '/readyz': {
    get: {
      ...inside,
      summary: 'Able to serve.',
      responses: { '200': { description: 'Able.' }, ...refusals('unavailable') },
    },
  },
  '/metrics': {
    get: {
      ...inside,
      summary: 'Prometheus figures.',
      responses: { '200': { description: 'Figures.' } },
    },
  },
};

/** The API's description; `origin` is what shoppers see. */
export function openapiDocument(origin: string): OpenapiDocument {
  const described = Object.entries(paths).map(([path, operations]) => {
    const whole = Object.entries(operations).map(([method, it]) => [method, withRequestId(it)]);
    return [path, Object.fromEntries(whole)];
  });
  return {
    openapi: '3.1.0',
    info: {
      title: 'Fairgate checkout',
      version: '0.1.0',
      description: 'Redeems each admission exactly once, and sees its order to the end.',
    },
    servers: [{ url: origin }],
    tags: [
      {
        name: 'inside',
        description: 'Asked of an instance itself: neither the edge nor nginx forwards these.',
      },
    ],
    paths: Object.fromEntries(described),
    components: { schemas, securitySchemes, headers },
  };
}
