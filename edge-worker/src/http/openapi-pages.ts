import {
  answerOf,
  type Described,
  jsonContent,
  type Operation,
  type Paths,
  pathParameter,
  refusals,
  together,
} from '@fairgate/shared/http/openapi-parts.ts';
import { previewStates } from '@fairgate/shared/preview/preview.ts';
import type { ProblemSlug } from '@fairgate/shared/problem.ts';
import { healthSchema, jwksSchema, shownSaleSchema } from './answers.ts';
import { inputWords, looking, ofSale, queryOfList, solving } from './openapi-places.ts';

const pages = { tags: ['pages'] };
const html = { 'text/html': { schema: { type: 'string' } } };
const foreign = { forbidden: 'a cookie came from another origin' };
const tooLarge = { 'payload-too-large': inputWords['payload-too-large'] };

const page = (description: string): Described => ({ description, content: html });
const back: Described = {
  description: 'Back to the page of the sale, which tells how it stands.',
  headers: { Location: { required: true, schema: { type: 'string' } } },
};

/** A browser that asked for a page is told in a page; everybody else gets the document. */
function told(cases: Partial<Record<ProblemSlug, string>>): Operation['responses'] {
  const documents = refusals(cases);
  const asPages = Object.keys(documents).map((status) => [
    status,
    { description: 'or a page', content: html },
  ]);
  return together(documents, Object.fromEntries(asPages));
}

function form(
  operationId: string,
  summary: string,
  responses: Operation['responses'],
): Paths[string] {
  return { post: { ...pages, operationId, summary, parameters: ofSale, responses } };
}

/** Forms in the pages, which work without a script. */
export const formPaths = (): Paths => ({
  '/sales/{saleId}/join': form('joinByForm', 'Join; the fields are `pass` and `email`.', {
    '303': back,
    ...told({
      ...looking,
      ...foreign,
      ...tooLarge,
      'invalid-request': 'the pass is none of this sale, or the sale needs a key, and so a script',
      unauthorized: 'the sale asks for the shop’s login',
      'token-invalid': 'the ticket is not valid here',
      'token-revoked': 'the shop has revoked the place',
      'proof-invalid': 'the place is bound to a key, and a form brings no proof',
      'challenge-required': solving['challenge-required'],
      conflict: 'the pass was used',
      'rate-limited': 'too many attempts, or places, of one address',
    }),
  }),
  '/sales/{saleId}/leave': form('leaveByForm', 'Leave; this browser forgets the place.', {
    '303': back,
    ...told({ ...looking, ...foreign, ...tooLarge }),
  }),
  '/sales/{saleId}/buy': form('buyByForm', 'Take the purchase token, and go on to the checkout.', {
    '200': page('The checkout page.'),
    '303': back,
    ...told({
      ...looking,
      ...foreign,
      ...tooLarge,
      unauthorized: 'the sale asks for the shop’s login',
      'token-revoked': 'the shop has revoked the place',
      'proof-invalid': 'the place is bound to a key, and a form brings no proof',
      'challenge-required': solving['challenge-required'],
    }),
  }),
});

/** Pages for people. */
export const pagePaths = (): Paths => ({
  '/': {
    get: {
      ...pages,
      operationId: 'showCatalogue',
      summary: 'The catalogue: coming, open and ended sales.',
      parameters: queryOfList(),
      responses: {
        '200': page('The page.'),
        ...told({
          banned: looking.banned,
          'invalid-request': inputWords['invalid-request'],
          unavailable: looking.unavailable,
        }),
      },
    },
  },
  '/sales/{saleId}': {
    get: {
      ...pages,
      operationId: 'showSale',
      summary: 'The page of a sale: countdown, waiting room, “it is your turn”.',
      parameters: ofSale,
      security: [{}, { ticket: [] }, { placeCookie: [] }],
      responses: {
        '200': {
          description: 'The page; with `Accept: application/json` the sale and the place as JSON.',
          content: { ...html, ...jsonContent(shownSaleSchema, 'output') },
        },
        '303': back,
        ...told({
          ...looking,
          ...foreign,
          'rate-limited': 'more than 100 a second of one ticket',
        }),
      },
    },
  },
  '/preview/{id}': {
    get: {
      ...pages,
      operationId: 'showPreview',
      summary: 'A sale’s page in each of its states, by a link that its admins made.',
      parameters: [
        pathParameter('id', 'of the preview'),
        { name: 'state', in: 'query', required: false, schema: { enum: previewStates } },
      ],
      responses: {
        '200': page('The page.'),
        '404': page('A page: there is no such preview, or it is over.'),
        ...told({ banned: looking.banned, unavailable: looking.unavailable }),
      },
    },
  },
  '/assets/{name}': {
    get: {
      ...pages,
      operationId: 'getAsset',
      summary: 'A file of these pages; its name changes with its content.',
      parameters: [pathParameter('name', 'as the pages have it')],
      responses: {
        '200': {
          description: 'The file.',
          content: {
            'text/javascript': { schema: { type: 'string' } },
          },
        },
        ...told({ 'not-found': 'there is no such file' }),
      },
    },
  },
});

/** Of the edge itself. */
export const operationPaths = (): Paths => ({
  '/notify.js': {
    get: {
      ...pages,
      operationId: 'getServiceWorker',
      summary: 'The service worker that shows push messages.',
      responses: {
        '200': {
          description: 'The script.',
          content: { 'text/javascript': { schema: { type: 'string' } } },
        },
      },
    },
  },
  '/.well-known/jwks.json': {
    get: {
      operationId: 'getKeys',
      summary: 'The public keys that verify purchase tokens.',
      responses: { '200': answerOf('A JWK set.', jwksSchema) },
    },
  },
  '/healthz': {
    get: {
      operationId: 'getHealth',
      summary: 'The Worker answers.',
      responses: { '200': answerOf('Alive.', healthSchema) },
    },
  },
  '/openapi.json': {
    get: {
      operationId: 'getDescription',
      summary: 'This document.',
      responses: {
        '200': {
          description: 'The document.',
          content: { 'application/json': { schema: { type: 'object' } } },
        },
      },
    },
  },
  '/docs': {
    get: {
      operationId: 'getDocs',
      summary: 'This document, to read.',
      responses: { '200': page('The page.') },
    },
  },
});
