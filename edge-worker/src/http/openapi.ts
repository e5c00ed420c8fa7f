import {
  type Json,
  jsonSchema,
  type Paths,
  problemSchema,
  withRequestId,
} from '@fairgate/shared/http/openapi-parts.ts';
import { formPaths, operationPaths, pagePaths } from './openapi-pages.ts';
import { fairnessPaths, placePaths } from './openapi-places.ts';

export type OpenapiDocument = {
  openapi: '3.1.0';
  info: { title: string; version: string; description: string };
  servers: { url: string }[];
  tags: { name: string; description: string }[];
  paths: Paths;
  components: Json;
};

/** Who may ask. */
const securitySchemes = {
  ticket: { type: 'http', scheme: 'bearer', description: 'The ticket that joining answered.' },
  boundTicket: {
    type: 'http',
    scheme: 'dpop',
    description: 'The same of a bound place, with a proof in the header DPoP (RFC 9449).',
  },
  placeCookie: {
    type: 'apiKey',
    in: 'cookie',
    name: 'fg_place_{saleId}',
    description: 'Set by joining; on https `__Host-fg_place_{saleId}`.',
  },
};

/** The description of what shoppers ask the edge for; `origin` is what they see. */
export function openapiDocument(origin: string): OpenapiDocument {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Fairgate edge',
      version: '0.1.0',
      description:
        'The waiting room: sales, places, purchase tokens.\n\n`/checkout`, `/v1/redemptions`, `/v1/orders/*` and `/webhooks/*` are of this origin too, and are the checkout’s: its own document describes them.',
    },
    servers: [{ url: origin }],
    tags: [{ name: 'pages', description: 'For people, and for browsers without a script.' }],
    paths: withRequestId({
      ...placePaths(),
      ...fairnessPaths(),
      ...pagePaths(),
      ...formPaths(),
      ...operationPaths(),
    }),
    components: { schemas: { Problem: jsonSchema(problemSchema, 'output') }, securitySchemes },
  };
}
