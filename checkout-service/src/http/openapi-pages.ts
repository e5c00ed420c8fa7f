import {
  type Json,
  jsonSchema,
  type Operation,
  type Paths,
  pathParameter,
  refusals,
  retryHeaders,
  together,
} from '@fairgate/shared/http/openapi-parts.ts';
import type { ProblemSlug } from '@fairgate/shared/problem.ts';
import type { z } from 'zod';
import { payFormSchema, redeemFormSchema, tokenFormSchema } from './bodies.ts';
import { always, inputWords } from './openapi-orders.ts';

const pages = { tags: ['pages'] };
const html = { 'text/html': { schema: { type: 'string' } } };
const foreign = { forbidden: 'another origin sent it' };
const tooLarge = { 'payload-too-large': inputWords['payload-too-large'] };

function form(schema: z.ZodType): Operation['requestBody'] & object {
  const content = { 'application/x-www-form-urlencoded': { schema: jsonSchema(schema, 'input') } };
  return { required: true, content };
}

const waits = ['429', '503'];

/** The same page, which says what is wrong. */
function page(cases: Record<number, string>): Operation['responses'] {
  const told = Object.entries(cases).map(([status, description]) => [
    status,
    { description, content: html, ...(waits.includes(status) ? { headers: retryHeaders } : {}) },
  ]);
  return Object.fromEntries(told);
}

/** Where it is too much, or nothing answers, a browser is told in a page, and everybody else in a document. */
function refused(cases: Partial<Record<ProblemSlug, string>> = {}): Operation['responses'] {
  return together(refusals({ ...always, ...cases }), page({ 429: 'or a page', 503: 'or a page' }));
}

const onward = {
  '303': {
    description: 'On to the page of the order.',
    headers: { Location: { required: true, schema: { type: 'string' } } },
  },
};

const ofOrder = {
  ...pages,
  security: [{ orderCookie: [] }, { orderKey: [] }],
  parameters: [pathParameter('id', 'of the order')],
};
const noOrder = { 404: 'A page: this browser has no such order.' };
const saleQuery: Json = {
  name: 'sale',
  in: 'query',
  required: true,
  description: 'the id of the sale',
  schema: { type: 'string' },
};
const switched = {
  '303': {
    description: 'With `lang`: on to the page in that language, which a cookie keeps.',
    headers: { Location: { required: true, schema: { type: 'string' } } },
  },
};
const languageQuery: Json = {
  name: 'lang',
  in: 'query',
  description: 'of the pages from here on: en, de, fr, es, pt, ja, zh, ko, ar or hi',
  schema: { type: 'string' },
};
const noSale = { 404: 'A page: there is no such sale.' };
const changed = 'The page, which says why it cannot be done now.';

/** The link is all that counts: no cookie, and no origin. */
const ofMail = { ...pages, parameters: [pathParameter('signed', 'as the mail has it')] };
const noLink = { 404: 'A page: this is no link of ours.' };

/** The pages that shoppers see, and their forms, which work without a script. */
export const pagePaths: Paths = {
  '/checkout': {
    get: {
      ...pages,
      operationId: 'showCheckout',
      summary: 'The checkout page of a sale; its token comes in the fragment.',
      parameters: [saleQuery, languageQuery],
      responses: together(switched, page({ 200: 'The page.', ...noSale }), refused()),
    },
    post: {
      ...pages,
      operationId: 'showCheckoutWithToken',
      summary: 'The checkout page of a sale, with the token of a posted form.',
      parameters: [saleQuery],
      requestBody: form(tokenFormSchema),
      responses: together(page({ 200: 'The page.', ...noSale }), refused(inputWords)),
    },
  },
  '/checkout/redeem': {
    post: {
      ...pages,
      operationId: 'redeemByForm',
      summary: 'The redemption, by a form.',
      requestBody: form(redeemFormSchema),
      responses: together(
        onward,
        page({
          200: 'The page with a new key: the form was changed since it was sent.',
          400: 'The page, which says what is wrong.',
          401: 'The page: the token cannot be used, or not by a form.',
          ...noSale,
          409: 'The page: nothing is left, or the sale is over.',
          422: 'The page: more units than allowed.',
          503: 'The page: it cannot be done now.',
        }),
        refused({ ...inputWords, ...foreign }),
      ),
    },
  },
  '/checkout/orders/{id}': {
    get: {
      ...ofOrder,
      operationId: 'showOrder',
      summary: 'The page of an order.',
      parameters: [...ofOrder.parameters, languageQuery],
      responses: together(switched, page({ 200: 'The page.', ...noOrder }), refused(foreign)),
    },
  },
  '/checkout/orders/{id}/pay': {
    post: {
      ...ofOrder,
      operationId: 'payOrderByForm',
      summary: 'Pay by the sandbox.',
      requestBody: form(payFormSchema),
      responses: together(
        onward,
        page({
          400: 'The page: that is no card.',
          ...noOrder,
          409: changed,
          410: changed,
          503: 'The page: the provider does not answer.',
        }),
        refused({
          ...foreign,
          ...tooLarge,
          'unsupported-media-type': inputWords['unsupported-media-type'],
        }),
      ),
    },
  },
  '/checkout/orders/{id}/cancel': {
    post: {
      ...ofOrder,
      operationId: 'cancelOrderByForm',
      summary: 'Give the units back before paying.',
      responses: together(
        onward,
        page({ ...noOrder, 409: changed }),
        refused({ ...foreign, ...tooLarge }),
      ),
    },
  },
  '/checkout/orders/{id}/extend': {
    post: {
      ...ofOrder,
      operationId: 'extendOrderByForm',
      summary: 'Add the pay time once more; once.',
      responses: together(
        onward,
        page({ ...noOrder, 409: changed, 410: changed }),
        refused({ ...foreign, ...tooLarge }),
      ),
    },
  },
  '/checkout/notices/{signed}': {
    get: {
      ...ofMail,
      operationId: 'showUnsubscribe',
      summary: 'What a link in a mail would end, or begin again; nothing is done by looking.',
      responses: together(page({ 200: 'The page, with a button.', ...noLink }), refused()),
    },
    post: {
      ...ofMail,
      operationId: 'unsubscribe',
      summary:
        'Ends the mails of that sale to that address, but of money (RFC 8058), or undoes it.',
      responses: together(page({ 200: 'The page: it is done.', ...noLink }), refused(tooLarge)),
    },
  },
  '/checkout/assets/{name}': {
    get: {
      ...pages,
      operationId: 'getAsset',
      summary: 'A script of these pages, for a year where its name has its hash.',
      parameters: [pathParameter('name', 'as the pages have it')],
      responses: together(
        {
          '200': {
            description: 'The file.',
            content: {
              'text/javascript': { schema: { type: 'string' } },
            },
            headers: { ETag: { required: true, schema: { type: 'string' } } },
          },
          '304': { description: 'It is as `If-None-Match` has it.' },
        },
        refused({ 'not-found': 'there is no such file' }),
      ),
    },
  },
};
