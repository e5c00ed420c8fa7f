import { z } from 'zod';
import { applyMs } from '../app/product-imports.ts';
import type { Endpoint } from './endpoint.ts';
import { saleFields } from './schemas.ts';
import { saleView } from './views.ts';

const copySchema = z.strictObject({
  name: saleFields.name.optional().describe('that of the sale, where it is left out'),
  startsAt: saleFields.startsAt,
  endsAt: saleFields.endsAt.default(null),
  products: z
    .enum(['same', 'copies'])
    .default('copies')
    .describe('`copies`: new products with as many units; `same`: those of the sale'),
});

export const copyEndpoints = {
  copy: {
    method: 'POST',
    path: '/v1/sales/{id}/copy',
    idPrefix: 'sale',
    role: 'operator',
    summary: 'A draft with the settings, the mode and the products of a sale in any state',
    refusals: {
      conflict:
        'with `same`, a product is in a sale that is not closed, or was deleted; with `copies`, they have too many units',
    },
    ifMatch: true,
    once: true,
    body: copySchema,
    status: 201,
    answer: saleView,
    answerMs: applyMs,
  },
} as const satisfies Record<string, Endpoint<unknown, unknown>>;
