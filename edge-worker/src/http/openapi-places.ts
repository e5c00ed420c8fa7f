import {
  answerOf,
  bodyOf,
  type Json,
  jsonSchema,
  type Paths,
  pathParameter,
  refusals,
} from '@fairgate/shared/http/openapi-parts.ts';
import { pageQuerySchema } from '@fairgate/shared/http/page.ts';
import { fairnessSchema } from '@fairgate/shared/log/fairness.ts';
import { logLineSchema } from '@fairgate/shared/log/record.ts';
import {
  challengeAnswerSchema,
  joinAnswerSchema,
  pollAnswerSchema,
  saleAnswerSchema,
  saleListSchema,
  tokenAnswerSchema,
} from './answers.ts';
import { joinBodySchema, noticesBodySchema, tokenBodySchema } from './join-body.ts';

export const ofSale = [pathParameter('saleId', 'of the sale')];
export const queryOfList = (): Json[] =>
  Object.entries(pageQuerySchema.shape).map(([name, schema]) => ({
    name,
    in: 'query',
    required: false,
    schema: jsonSchema(schema, 'input'),
  }));

/** What anybody may be told of a sale. */
export const looking = {
  banned: 'a ban of the shop',
  'not-found': 'there is no such sale',
  unavailable: 'the room cannot be reached; places are kept',
} as const;
export const inputWords = {
  'invalid-request': 'what is wrong is listed in `errors`',
  'payload-too-large': 'the body is over 64 KiB',
  'unsupported-media-type': 'the body is no JSON by its content type',
} as const;
const standing = {
  ...looking,
  unauthorized: 'no ticket came',
  'token-invalid': 'the ticket is none of ours, or of another sale',
  'token-expired': 'the ticket has expired',
  'token-revoked': 'the shop has revoked the place',
  forbidden: 'a cookie came from another origin',
} as const;
export const solving = {
  'challenge-required': 'the sale asks for a challenge',
  'challenge-failed': 'it was not solved, is too old, or was used before',
} as const;
const proof = { 'proof-invalid': 'the place is bound, and the DPoP proof is missing or not valid' };

const byTicket = { security: [{ ticket: [] }, { boundTicket: [] }, { placeCookie: [] }] };
const dpop: Json = {
  name: 'DPoP',
  in: 'header',
  schema: { type: 'string' },
  description: 'Of a bound place: a proof by its key (RFC 9449), with `ath` of the ticket.',
};

const place = (): Paths[string] => ({
  post: {
    operationId: 'join',
    summary: 'Join the line; the same visitor always gets the same place back.',
    description:
      'Who comes with the ticket or the cookies of before is the same visitor. A login (`identity`) makes one visitor of a person on every device; a `publicKey` binds the place to it. Fields that are not known are ignored. `email` and `pushSubscription` say where to be told of the place, as `PUT …/place/notices` does; a push service that we would not call is left out.',
    security: [{}, { ticket: [] }, { boundTicket: [] }, { placeCookie: [] }],
    parameters: [...ofSale, dpop],
    requestBody: bodyOf(joinBodySchema, false),
    responses: {
      '200': answerOf('The place of before.', joinAnswerSchema),
      '201': answerOf('A new place.', joinAnswerSchema),
      ...refusals({
        ...looking,
        ...inputWords,
        ...solving,
        ...proof,
        unauthorized: 'the sale asks for the shop’s login',
        'token-invalid': 'the ticket or the login is not valid here',
        'token-revoked': standing['token-revoked'],
        forbidden: standing.forbidden,
        conflict: 'the place has another key, or the pass was used (`reason: pass-spent`)',
        'sale-not-open': 'too early (`startsAt`), or over',
        'sold-out': 'everything in this sale is sold',
        'rate-limited': 'too many attempts, or places (`reason: too-many-places`), of one address',
      }),
    },
  },
  get: {
    ...byTicket,
    operationId: 'poll',
    summary: 'Where one stands; a `ticket` in the answer replaces the old one.',
    parameters: ofSale,
    responses: {
      '200': answerOf('The place.', pollAnswerSchema),
      ...refusals({ ...standing, 'rate-limited': 'more than 100 polls a second of one ticket' }),
    },
  },
  delete: {
    ...byTicket,
    operationId: 'leave',
    summary: 'Leave the line.',
    parameters: [...ofSale, dpop],
    responses: {
      '204': { description: 'Left.' },
      ...refusals({
        ...standing,
        ...proof,
        'payload-too-large': inputWords['payload-too-large'],
      }),
    },
  },
});

const notices = (): Paths[string] => ({
  put: {
    ...byTicket,
    operationId: 'askForNotices',
    summary: 'Where to be told: soon one’s turn, one’s turn, sold out before it.',
    description:
      'What is left out stays as it was, and null takes it away. The ticket is enough, also of a bound place. Addresses are kept until a day after the sale.',
    parameters: ofSale,
    requestBody: bodyOf(noticesBodySchema, true),
    responses: {
      '204': { description: 'Kept.' },
      ...refusals({
        banned: looking.banned,
        'not-found': looking['not-found'],
        unavailable: looking.unavailable,
        ...inputWords,
        unauthorized: standing.unauthorized,
        'token-invalid': standing['token-invalid'],
        'token-expired': standing['token-expired'],
        forbidden: standing.forbidden,
        'rate-limited': 'more than 10 changes of one place in a minute',
      }),
    },
  },
});

/** What a shopper's program asks for. */
export const placePaths = (): Paths => ({
  '/api/sales': {
    get: {
      operationId: 'listSales',
      summary: 'The public sales, newest start first.',
      parameters: queryOfList(),
      responses: {
        '200': answerOf('A page of the list.', saleListSchema),
        ...refusals({
          banned: looking.banned,
          'invalid-request': inputWords['invalid-request'],
          unavailable: looking.unavailable,
        }),
      },
    },
  },
  '/api/sales/{saleId}': {
    get: {
      operationId: 'getSale',
      summary: 'The public snapshot of a sale, the same for everyone; a second old at most.',
      parameters: ofSale,
      responses: { '200': answerOf('The sale.', saleAnswerSchema), ...refusals(looking) },
    },
  },
  '/api/sales/{saleId}/challenge': {
    get: {
      operationId: 'getChallenge',
      summary: 'A fresh challenge, where the sale asks for one.',
      parameters: ofSale,
      responses: {
        '200': answerOf('To be solved, and sent as `challenge`.', challengeAnswerSchema),
        '204': { description: 'None is needed.' },
        ...refusals(looking),
      },
    },
  },
  '/api/sales/{saleId}/place': place(),
  '/api/sales/{saleId}/place/notices': notices(),
  '/api/sales/{saleId}/place/token': {
    post: {
      ...byTicket,
      operationId: 'takeToken',
      summary: 'Take the purchase token once admitted; asking again gives one with the same `jti`.',
      parameters: [...ofSale, dpop],
      requestBody: bodyOf(tokenBodySchema, false),
      responses: {
        '200': answerOf('The token, for the checkout.', tokenAnswerSchema),
        ...refusals({
          ...standing,
          ...inputWords,
          ...solving,
          ...proof,
          'not-admitted': 'it is not one’s turn yet',
          'token-already-redeemed': 'the token has become an order',
          'place-expired': 'the time to take it is over, or the place was given up',
        }),
      },
    },
  },
});

const notYet = () =>
  refusals({
    ...looking,
    'sale-not-open': 'public from its start on',
    'rate-limited': 'too many requests of one address',
    unavailable: 'the checkout cannot be reached',
  });

/** Answered by the checkout, by way of the edge. */
export const fairnessPaths = (): Paths => ({
  '/api/sales/{saleId}/fairness': {
    get: {
      operationId: 'getFairness',
      summary: 'Who was let in before their turn, by lane, and all that checks a draw.',
      parameters: ofSale,
      responses: { '200': answerOf('The report.', fairnessSchema), ...notYet() },
    },
  },
  '/api/sales/{saleId}/fairness/log': {
    get: {
      operationId: 'getFairnessLog',
      summary: 'The whole log of the sale, without visitors.',
      description: 'One JSON object a line, chained by SHA-256; docs/draw.md gives every byte.',
      parameters: ofSale,
      responses: {
        '200': {
          description: 'The log.',
          content: {
            'application/x-ndjson': { 'x-item-schema': jsonSchema(logLineSchema, 'output') },
          },
        },
        ...notYet(),
      },
    },
  },
});
