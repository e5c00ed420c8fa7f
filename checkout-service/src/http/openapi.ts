import {
  jsonSchema,
  type Paths,
  problemSchema,
  withRequestId,
} from '@fairgate/shared/http/openapi-parts.ts';
import { fairnessPaths, operationPaths } from './openapi-inside.ts';
import { orderPaths } from './openapi-orders.ts';
import { pagePaths } from './openapi-pages.ts';

export type OpenapiDocument = {
  openapi: '3.1.0';
  info: { title: string; version: string; description: string };
  servers: { url: string }[];
  tags: { name: string; description: string }[];
  paths: Paths;
  components: object;
};

/** Who may ask. */
const securitySchemes = {
  boundPurchaseToken: {
    type: 'http',
    scheme: 'dpop',
    description: 'The same with cnf.jkt, and a proof in the header DPoP (RFC 9449).',
  },
  purchaseToken: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT (purchase+jwt, EdDSA)' },
  orderKey: { type: 'http', scheme: 'bearer', description: 'As the redemption answered it.' },
  internalKey: { type: 'http', scheme: 'bearer', description: 'FAIRGATE_INTERNAL_KEY' },
  orderCookie: {
    type: 'apiKey',
    in: 'cookie',
    name: 'fg_order_{id}',
    description: 'Set by the redemption; on https `__Host-fg_order_{id}`.',
  },
};

/** The API's description; `origin` is what shoppers see. */
export function openapiDocument(origin: string): OpenapiDocument {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Fairgate checkout',
      version: '0.1.0',
      description:
        'Redeems each admission exactly once, and sees its order to the end. What the outside reaches stands behind a balancer, which answers 429 by address, and 503 while no checkout answers.',
    },
    servers: [{ url: origin }],
    tags: [
      {
        name: 'inside',
        description: 'Asked of an instance itself: neither the edge nor nginx forwards these.',
      },
      {
        name: 'pages',
        description:
          'For people, and for browsers without a script. Who accepts `text/html` gets a refusal as a page too.',
      },
    ],
    paths: withRequestId({ ...orderPaths, ...fairnessPaths, ...pagePaths, ...operationPaths }),
    components: { schemas: { Problem: jsonSchema(problemSchema, 'output') }, securitySchemes },
  };
}
