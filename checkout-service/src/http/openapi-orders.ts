import {
  answerOf,
  bodyOf,
  type Json,
  jsonSchema,
  type Operation,
  type Paths,
  pathParameter,
  refusals,
} from '@fairgate/shared/http/openapi-parts.ts';
import { orderSchema } from '@fairgate/shared/order.ts';
import { proofAlgorithms, proofLimits } from '@fairgate/shared/token/dpop.ts';
import {
  orderAnswerSchema,
  paymentAnswerSchema,
  receivedSchema,
  redemptionAnswerSchema,
} from './answers.ts';
import { paymentSchema, redemptionSchema } from './bodies.ts';

const away = 'Postgres cannot be reached, or too much is asked at once';
/** What any request may be answered that comes by way of the balancer, and asks Postgres. */
export const always = { 'rate-limited': 'too many requests of one address', unavailable: away };
export const inputWords = {
  'invalid-request': 'what is wrong is listed in `errors`',
  'payload-too-large': 'the body is over 64 KiB',
  'unsupported-media-type': 'the body is of another content type',
} as const;
const tooLarge = { 'payload-too-large': inputWords['payload-too-large'] };

/** Of an order, by its key. */
const ownOrder = {
  ...always,
  unauthorized: 'no order key came',
  forbidden: 'the cookie came from another origin',
  'not-found': 'there is no such order, or the key is of another',
} as const;
const byOrderKey = {
  security: [{ orderKey: [] }, { orderCookie: [] }],
  parameters: [pathParameter('id', 'of the order')],
};
const etagHeader = { ETag: { required: true, schema: { type: 'string' } } };
const knownParameter: Json = {
  name: 'If-None-Match',
  in: 'header',
  schema: { type: 'string' },
  description: 'The `ETag` of an earlier answer, several of them, or `*`.',
};
const theOrder = answerOf('The order.', orderAnswerSchema);

/** Of a redemption. */
const orderHeaders = {
  Location: { required: true, description: 'The path of the order.', schema: { type: 'string' } },
  'idempotent-replayed': {
    description: '`true` where the same was answered before.',
    schema: { const: 'true' },
  },
};

const redemptionHeaders: Json[] = [
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
];

const redemption: Operation = {
  operationId: 'redeem',
  summary: 'Spend the purchase token and claim units: all items, or none.',
  description:
    'A token with `cnf` is bound to a key: it is sent as `Authorization: DPoP <token>` with a proof by that key in the header `DPoP` (RFC 9449), for each request a fresh one, replays included. What is missing, old, used before, by another key or for another request is 401 `proof-invalid`. A token without `cnf` is sent as a Bearer token, and refused with the scheme DPoP.\n\nAfter a 503, or where no answer came, it may have been done nevertheless: send it again after `Retry-After`, with the same `Idempotency-Key`, the same body and, for a bound token, a fresh proof. It is then the order that was made, or it is made now. Without a key of your own it may be 409 `token-already-redeemed`.',
  security: [{ purchaseToken: [] }, { boundPurchaseToken: [] }],
  parameters: redemptionHeaders,
  requestBody: bodyOf(redemptionSchema),
  responses: {
    '201': answerOf(
      'The order; `idempotent-replayed: true` where it was answered before.',
      redemptionAnswerSchema,
      orderHeaders,
    ),
    ...refusals({
      ...inputWords,
      unauthorized: 'no token came',
      'token-invalid': 'the token is none of ours, or of another sale than the product',
      'token-expired': 'the token was not used in time',
      'token-revoked': 'the shop has revoked it',
      'proof-invalid': 'the token is bound, and the proof is missing or not valid',
      conflict: 'the same token is being redeemed; ask again after `Retry-After`',
      'sale-not-open': 'the sale is over, and its products are not for sale in it',
      'token-already-redeemed': 'with another key, or none: `orderId` says what it became',
      'sold-out': 'too few units are left; the token was not spent',
      'quantity-exceeded': 'more than `max`, or than this shopper may have by `limit`',
      'idempotency-key-reused': 'the key came with another body',
      'rate-limited': 'too many requests of one address, or too many proofs for one answer',
      unavailable: 'nothing was spent, as far as known',
    }),
  },
};

const payment: Operation = {
  ...byOrderKey,
  operationId: 'payOrder',
  summary: 'Pay the order; its state follows the provider’s event.',
  description:
    'A provider that fails or does not answer is asked again; if it still fails, the answer is 503 `payment-unavailable` with `Retry-After`. The order stays `awaiting_payment` with `failure: payment_provider_unavailable`, keeps 60 s at least (`payBefore` is put off, ten minutes in all), and may be paid again at once. Where most calls of the last ten seconds failed, for several orders, the answer is the same at once, for some seconds, and the provider is not asked. A provider that dies after it took a payment is told in the same way, while the payment is under way. One that declines in the call itself is 402 `payment-declined`.\n\nWith `stripe` the answer has a `clientSecret`, with which the shop’s own front end confirms the PaymentIntent by Stripe.js; no card passes Fairgate, and its pages do not load Stripe.js. Asked again while that payment is under way, the answer is the same payment and secret. After a decline the intent stays payable until another payment is begun, or the order ends, which withdraws it.',
  requestBody: bodyOf(paymentSchema),
  responses: {
    '202': answerOf('The payment is under way.', paymentAnswerSchema),
    ...refusals({
      ...ownOrder,
      ...inputWords,
      'payment-declined': 'the provider declined in the call itself; `detail` says why',
      conflict: 'a payment is under way, or the order is paid or has ended',
      'order-expired': 'it was not paid in time',
      'payment-unavailable': 'the provider does not answer, or is not set up; the order is kept',
    }),
  },
};

/** What the shopper does with an order. */
export const orderPaths: Paths = {
  '/v1/redemptions': { post: redemption },
  '/v1/orders/{id}': {
    get: {
      ...byOrderKey,
      parameters: [...byOrderKey.parameters, knownParameter],
      operationId: 'getOrder',
      summary: 'The order.',
      description:
        'The `ETag` changes with the order: whoever asks again may send it as `If-None-Match`. No cache keeps the answer.',
      responses: {
        '200': answerOf('The order.', orderAnswerSchema, etagHeader),
        '304': { description: 'It is as `If-None-Match` has it.', headers: etagHeader },
        ...refusals(ownOrder),
      },
    },
  },
  '/v1/orders/{id}/events': {
    get: {
      ...byOrderKey,
      operationId: 'followOrder',
      summary: 'Server-sent events: one `order` event now and at each change.',
      description: 'The data of each event is the order. A final state is the last one.',
      responses: {
        '200': {
          description: 'The stream.',
          content: { 'text/event-stream': { 'x-item-schema': jsonSchema(orderSchema, 'output') } },
        },
        ...refusals({ ...ownOrder, unavailable: `${away}, or too many streams are open` }),
      },
    },
  },
  '/v1/orders/{id}/payments': { post: payment },
  '/v1/orders/{id}/cancel': {
    post: {
      ...byOrderKey,
      operationId: 'cancelOrder',
      summary: 'Give the units back before paying.',
      responses: {
        '200': theOrder,
        ...refusals({
          ...ownOrder,
          ...tooLarge,
          conflict: 'a payment is under way, or the order is paid or has ended otherwise',
        }),
      },
    },
  },
  '/v1/orders/{id}/extend': {
    post: {
      ...byOrderKey,
      operationId: 'extendOrder',
      summary: 'Add the pay time once more; once.',
      responses: {
        '200': theOrder,
        ...refusals({
          ...ownOrder,
          ...tooLarge,
          conflict: 'it was extended before, or is not to be paid any more',
          'order-expired': 'it was not paid in time',
        }),
      },
    },
  },
  '/webhooks/{provider}': {
    post: {
      operationId: 'takeWebhook',
      summary: 'The payment provider’s signed event.',
      description:
        'Signed over the raw body: `fairgate-signature` (sandbox) or `stripe-signature`, at most 300 s old. An event that comes again, is about no payment of ours, or is of a type that is not acted on, is 200 and changes nothing. Of Stripe `payment_intent.succeeded`, `payment_intent.payment_failed`, `payment_intent.canceled`, `charge.refunded`, `refund.failed` and `refund.updated` are acted on.',
      parameters: [pathParameter('provider', '`sandbox` or `stripe`')],
      requestBody: {
        required: true,
        content: { 'application/json': { schema: { type: 'object' } } },
      },
      responses: {
        '200': answerOf('Taken, now or before.', receivedSchema),
        ...refusals({
          ...always,
          ...inputWords,
          unauthorized: 'the signature does not fit',
          'not-found': 'there is no such provider',
        }),
      },
    },
  },
};
