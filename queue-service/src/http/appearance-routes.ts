import { newAppearanceSchema } from '@fairgate/shared/appearance/rules.ts';
import { appearanceSchema } from '@fairgate/shared/appearance.ts';
import { isoTime } from '@fairgate/shared/clock.ts';
import { z } from 'zod';
import type { Appearances } from '../app/appearances.ts';
import type { AppearanceRecord } from '../domain/records.ts';
import type { Authenticate } from './auth.ts';
import { type Api, type ApiContext, type Endpoint, serve } from './endpoint.ts';
import { etag } from './etag.ts';

const appearanceView = appearanceSchema.extend({
  id: z.string().describe('of the sale'),
  updatedAt: z.iso.datetime().nullable().describe('null: it never had a look of its own'),
});

const putView = appearanceView.extend({
  cleaned: z.boolean().describe('whether something was taken out of the HTML'),
  removed: z.array(z.string()).describe('what was taken out: `<script>`, `onclick of <p>`'),
});

const ofSale = { idPrefix: 'sale', path: '/v1/sales/{id}/appearance' } as const;
const closed = { conflict: 'the sale is closed' };

export const appearanceEndpoints = {
  get: {
    ...ofSale,
    method: 'GET',
    role: 'viewer',
    summary: 'The shop’s own look of the pages of a sale: texts, colours, logo, a block of HTML',
    status: 200,
    answer: appearanceView,
  },
  put: {
    ...ofSale,
    method: 'PUT',
    role: 'operator',
    summary:
      'Set it as a whole, what is left out is taken away; HTML is cleaned, and shoppers see it within 2 s',
    body: newAppearanceSchema,
    ifMatch: true,
    refusals: closed,
    status: 200,
    answer: putView,
  },
  remove: {
    ...ofSale,
    method: 'DELETE',
    role: 'operator',
    summary: 'Give the pages the look that they have by themselves',
    ifMatch: true,
    refusals: closed,
    status: 204,
  },
} as const satisfies Record<string, Endpoint<unknown, unknown>>;

export function appearanceRoutes(
  api: Api,
  authenticate: Authenticate,
  { appearances }: { appearances: Appearances },
): void {
  const { get, put, remove } = appearanceEndpoints;
  const view = (
    c: ApiContext,
    id: string,
    { appearance, version, updatedAt }: AppearanceRecord,
  ) => {
    c.header('etag', etag(version));
    const at = updatedAt === null ? null : isoTime(updatedAt);
    return { id, ...appearance, updatedAt: at };
  };
  serve(api, authenticate, get, async ({ c, id }) =>
    c.json(view(c, id, await appearances.get(id))),
  );
  serve(api, authenticate, put, async ({ c, caller, id, body, expected }) => {
    const { removed, ...record } = await appearances.put(caller, id, body, expected);
    return c.json({ ...view(c, id, record), cleaned: removed.length > 0, removed });
  });
  serve(api, authenticate, remove, async ({ c, caller, id, expected }) => {
    await appearances.remove(caller, id, expected);
    return c.body(null, 204);
  });
}
